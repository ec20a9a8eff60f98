#include "daemon/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace bpfrig::base {
namespace {

TEST(StatusTest, SaysActionObjectAndCauseOnce) {
  errno = EACCES;
  const absl::Status status = ErrnoError("opening /x/cgroup.procs");
  EXPECT_EQ(status.message(), "opening /x/cgroup.procs: Permission denied");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DetailOf(status).errno_name, "EACCES");
  EXPECT_EQ(DetailOf(status).reason, Reason::kKernelRefused);
}

TEST(StatusTest, OpenFilesAreALimit) {
  errno = EMFILE;
  EXPECT_EQ(DetailOf(ErrnoError("making a socket")).reason, Reason::kLimitReached);
}

TEST(StatusTest, TakesLibbpfsNegativeErrno) {
  EXPECT_EQ(DetailOf(KernelError(-E2BIG, "loading p")).errno_name, "E2BIG");
  EXPECT_EQ(DetailOf(KernelError(-524, "updating m")).errno_name, "ENOTSUPP");
}

TEST(StatusTest, JoinsFieldPathsFromTheInsideOut) {
  absl::Status status = MakeError(Reason::kOutOfRange, "too big");
  status = WithField(status, "wp_addr");
  status = WithField(status, "[3]");
  status = WithField(status, "entries");
  EXPECT_EQ(DetailOf(status).field, "entries[3].wp_addr");
}

TEST(StatusTest, KeepsTheInnerHintAndObject) {
  absl::Status status = WithHint(MakeError(Reason::kBadObject, "no"), "inner");
  EXPECT_EQ(DetailOf(WithHint(status, "outer")).hint, "inner");
  EXPECT_EQ(DetailOf(WithObject(status, "p")).object, "p");
}

TEST(StatusTest, LeavesOkAlone) {
  EXPECT_TRUE(WithField(absl::OkStatus(), "a").ok());
  EXPECT_TRUE(WithHint(absl::OkStatus(), "a").ok());
}

}  // namespace
}  // namespace bpfrig::base
