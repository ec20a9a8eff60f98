#include "common/ip_address.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(IpAddressTest, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(ParseIpAddress("10.96.0.1"), std::string("\x0a\x60\x00\x01", 4));
  EXPECT_EQ(FormatIpAddress(ParseIpAddress("10.96.0.1")), "10.96.0.1");
  EXPECT_EQ(FormatIpAddress(ParseIpAddress("fd00:0::1")), "fd00::1");
  for (const char* text : {"", "10.96.0", "10.96.0.1/32", "localhost", "::1%lo"}) {
    EXPECT_EQ(ParseIpAddress(text), "") << text;
  }
  EXPECT_EQ(FormatIpAddress("abc"), "");
}

TEST(IpAddressTest, WritesAMappedAddressAsIPv4WhenCanonical) {
  EXPECT_EQ(CanonicalIpAddress("::ffff:10.96.0.1"), "10.96.0.1");
  EXPECT_EQ(CanonicalIpAddress("fd00:0:0::1"), "fd00::1");
  EXPECT_EQ(CanonicalIpAddress("none"), "none");
}

}  // namespace
}  // namespace bpfrig::common
