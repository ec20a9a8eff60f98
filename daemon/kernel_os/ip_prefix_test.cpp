#include "daemon/kernel_os/ip_prefix.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace bpfrig::kernel_os {
namespace {

TEST(IpPrefixTest, ReadsAddressesAndPrefixes) {
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("10.96.0.1")), "10.96.0.1/32");
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("10.96.0.0/16")), "10.96.0.0/16");
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("fd00:10:96::1")), "fd00:10:96::1/128");
  EXPECT_EQ(FormatIpPrefix(*ParseIpPrefix("::/0")), "::/0");
  EXPECT_EQ(ParseIpPrefix("10.96.0.1")->family, AF_INET);
  EXPECT_EQ(ParseIpPrefix("::1")->family, AF_INET6);
}

TEST(IpPrefixTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "10.96.0", "10.96.0.1/", "10.96.0.1/x", "10.96.0.1/-1", "fd00::g", "localhost"}) {
    EXPECT_FALSE(ParseIpPrefix(text).ok()) << text;
  }
  EXPECT_EQ(ParseIpPrefix("10.0.0.0/33").status().message(),
            "\"10.0.0.0/33\": the prefix length is more than 32");
  EXPECT_EQ(ParseIpPrefix("::/129").status().message(), "\"::/129\": the prefix length is more than 128");
}

}  // namespace
}  // namespace bpfrig::kernel_os
