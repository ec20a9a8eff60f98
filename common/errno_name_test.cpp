#include "common/errno_name.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace bpfrig::common {
namespace {

TEST(ErrnoNameTest, NamesNumbersAndKnowsNames) {
  EXPECT_EQ(ErrnoName(EPERM), "EPERM");
  EXPECT_EQ(ErrnoName(kEnotsupp), "ENOTSUPP");
  EXPECT_EQ(ErrnoName(4000), "errno 4000");
  EXPECT_TRUE(IsErrnoName("ECONNREFUSED"));
  EXPECT_TRUE(IsErrnoName("ENOTSUPP"));
  EXPECT_FALSE(IsErrnoName("ECONREFUSED"));
}

}  // namespace
}  // namespace bpfrig::common
