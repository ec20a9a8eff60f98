// The main of every executable of kernel and end-to-end tests.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "tests/support/machine_state.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (::geteuid() != 0) {
    std::fprintf(stderr, "These tests load BPF programs and make namespaces: run them as root.\n");
    return 1;
  }
  bpfrig::tests::MarkDescendants();
  ::testing::UnitTest::GetInstance()->listeners().Append(new bpfrig::tests::LeakCheck);
  return RUN_ALL_TESTS();
}
