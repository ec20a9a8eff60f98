#include "common/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

bool IsOpenInKernel(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(FdTest, ClosesWhenItGoesOutOfScope) {
  int number = -1;
  {
    const Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.Get();
    ASSERT_TRUE(IsOpenInKernel(number));
  }
  EXPECT_FALSE(IsOpenInKernel(number));
}

TEST(FdTest, HasOneOwnerAfterAMove) {
  Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.Get();
  const Fd second = std::move(first);
  EXPECT_EQ(second.Get(), number);
  EXPECT_TRUE(IsOpenInKernel(number));
}

}  // namespace
}  // namespace bpfrig::common
