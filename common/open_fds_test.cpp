#include "common/open_fds.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace bpfrig::common {
namespace {

constexpr int kFirst = 3;
// In the middle of many, so that one read of the list does not have all.
constexpr int kLast = 700;

// In a child, which may close what it likes: the exit status that `act` makes of descriptors up to kLast.
int InChild(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_RDONLY);
    for (int number = kFirst + 1; number <= kLast; ++number) {
      if (number != null && dup2(null, number) < 0) _exit(99);
    }
    _exit(act());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int CountIf(const std::function<bool(int flags)>& holds) {
  int count = 0;
  for (int number = 0; number <= kLast; ++number) count += holds(fcntl(number, F_GETFD)) ? 1 : 0;
  return count;
}

struct Way {
  void (*seal)(int first);
  void (*close)(int first);
};

class OpenFdsTest : public testing::TestWithParam<Way> {};

TEST_P(OpenFdsTest, SealsAllFromANumberOn) {
  EXPECT_EQ(InChild([&] {
              GetParam().seal(kLast - 9);
              return CountIf([](int flags) { return flags >= 0 && (flags & FD_CLOEXEC) != 0; });
            }),
            10);
}

TEST_P(OpenFdsTest, ClosesAllFromANumberOn) {
  EXPECT_EQ(InChild([&] {
              GetParam().close(kFirst);
              return CountIf([](int flags) { return flags >= 0; });
            }),
            3);
}

INSTANTIATE_TEST_SUITE_P(, OpenFdsTest,
                         testing::Values(Way{SealFdsFrom, CloseFdsFrom},
                                         Way{SealListedFdsFrom, CloseListedFdsFrom}));

}  // namespace
}  // namespace bpfrig::common
