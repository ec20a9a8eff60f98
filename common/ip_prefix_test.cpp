#include "common/ip_prefix.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace bpfrig::common {
namespace {

TEST(IpPrefixTest, ReadsAddressesAndPrefixes) {
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("10.96.0.1")), "10.96.0.1/32");
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("10.96.0.0/16")), "10.96.0.0/16");
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("fd00:10:96::1")), "fd00:10:96::1/128");
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("::/0")), "::/0");
  EXPECT_EQ(ParseIpPrefix("10.96.0.1")->family, AF_INET);
  EXPECT_EQ(ParseIpPrefix("::1")->family, AF_INET6);
}

TEST(IpPrefixTest, RefusesOtherText) {
  for (const char* text : {"", "10.96.0", "10.96.0.1/", "10.96.0.1/x", "10.96.0.1/-1", "10.96.0.1/ 8",
                           "fd00::g", "localhost", "10.0.0.0/33", "::/129"}) {
    EXPECT_FALSE(ParseIpPrefix(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace bpfrig::common
