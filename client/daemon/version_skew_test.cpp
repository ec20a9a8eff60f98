#include "client/daemon/version_skew.h"

#include <gtest/gtest.h>

namespace bpfrig::client::daemon {
namespace {

constexpr char kDaemon[] = "the daemon at unix:/x";

TEST(VersionSkewTest, TakesTheSameMajorAndMinor) {
  EXPECT_EQ(DescribeVersionSkew("0.1.0", kDaemon, "0.1.0"), "");
  EXPECT_EQ(DescribeVersionSkew("0.1.0", kDaemon, "0.1.17"), "");
  EXPECT_EQ(DescribeVersionSkew("12.34.5", kDaemon, "12.34.0-rc1"), "");
}

TEST(VersionSkewTest, NamesBothAndWhatToDoWhenTheyDiffer) {
  EXPECT_EQ(DescribeVersionSkew("0.1.0", kDaemon, "0.2.3"),
            "this bpfrig is 0.1.0 and the daemon at unix:/x is 0.2.3, and they work together only within one "
            "MAJOR.MINOR: use a bpfrig 0.2 here, or go back to a bpfrigd 0.1 there");
  EXPECT_EQ(DescribeVersionSkew("1.10.0", kDaemon, "1.9.9"),
            "this bpfrig is 1.10.0 and the daemon at unix:/x is 1.9.9, and they work together only within "
            "one MAJOR.MINOR: use a bpfrig 1.9 here, or upgrade to a bpfrigd 1.10 there");
  EXPECT_NE(DescribeVersionSkew("1.1.0", kDaemon, "2.1.0"), "");
}

TEST(VersionSkewTest, RefusesWhatIsNotAVersion) {
  EXPECT_EQ(DescribeVersionSkew("0.1.0", kDaemon, ""),
            "this bpfrig is 0.1.0 and the daemon at unix:/x does not tell its version; they work together "
            "only within one MAJOR.MINOR");
  EXPECT_NE(DescribeVersionSkew("0.1.0", kDaemon, "0.1"), "");
  EXPECT_NE(DescribeVersionSkew("0.1.0", kDaemon, "a.b.c"), "");
}

}  // namespace
}  // namespace bpfrig::client::daemon
