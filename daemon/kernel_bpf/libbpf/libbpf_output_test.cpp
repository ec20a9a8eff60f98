#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

namespace bpfrig::kernel_bpf {
namespace {

// Says a line as libbpf says it.
void Say(LibbpfOutput& output, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  output.Append(format, arguments);
  va_end(arguments);
}

TEST(LibbpfOutputTest, FindsNamesAndTheLastLine) {
  LibbpfOutput output;
  EXPECT_EQ(output.LastLine(), "no details");
  Say(output, "libbpf: map '%s': failed to create: Invalid argument(-22)\n", "outer");
  Say(output, "libbpf: prog '%s': BPF program load failed: %s\n", "redirect", "Permission denied");
  Say(output, "libbpf: failed to load object '%s'\n", "mesh");
  EXPECT_EQ(output.NameBefore("map", "failed to create"), "outer");
  EXPECT_EQ(output.NameBefore("prog", "load failed"), "redirect");
  EXPECT_EQ(output.NameBefore("prog", "failed to create"), "");
  EXPECT_EQ(output.LastLine(), "failed to load object 'mesh'");
}

TEST(LibbpfOutputTest, KeepsTheNewestOfMuch) {
  LibbpfOutput output;
  std::string line(3000, 'x');
  for (int i = 0; i < 100; ++i) Say(output, "%d %s\n", i, line.c_str());
  EXPECT_LE(output.text().size(), 64U * 1024);
  EXPECT_EQ(output.LastLine(), "99 " + line);
}

TEST(LibbpfOutputTest, TakesWhatLibbpfPrints) {
  LibbpfOutput outer;
  {
    LibbpfOutput inner;
    EXPECT_EQ(bpf_object__open_mem("not an object", 13, nullptr), nullptr);
    EXPECT_NE(inner.text(), "");
  }
  EXPECT_EQ(outer.text(), "");
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
