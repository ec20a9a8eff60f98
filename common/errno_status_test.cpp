#include "common/errno_status.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(ErrnoStatusTest, SaysWhatFailedAndWhy) {
  EXPECT_EQ(ErrnoStatus("making a pipe", EMFILE), absl::InternalError("making a pipe: Too many open files"));
  errno = ENOENT;
  EXPECT_EQ(ErrnoStatus("opening x").message(), "opening x: No such file or directory");
}

}  // namespace
}  // namespace bpfrig::common
