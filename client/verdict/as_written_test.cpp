#include "client/verdict/as_written.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;

Value Integer(uint64_t number) {
  Value value;
  value.set_unsigned_integer(number);
  return value;
}

Value List(const std::vector<uint64_t>& numbers) {
  Value value;
  for (const uint64_t number : numbers) *value.mutable_list()->add_values() = Integer(number);
  return value;
}

// union { __u32 ip4; __u32 ip6[4]; }, on a little-endian machine.
Value Address(const std::vector<uint64_t>& words) {
  Value value;
  auto* ip4 = value.mutable_fields()->add_fields();
  ip4->set_name("ip4");
  *ip4->mutable_value() = Integer(words[0]);
  auto* ip6 = value.mutable_fields()->add_fields();
  ip6->set_name("ip6");
  *ip6->mutable_value() = List(words);
  return value;
}

Value Ip(const std::string& text) {
  Value value;
  value.mutable_tag()->set_ip(text);
  return value;
}

TEST(FormatAsWrittenTest, SaysPortsInNetworkOrder) {
  Value written;
  written.mutable_tag()->mutable_network_integer()->set_bits(16);
  written.mutable_tag()->mutable_network_integer()->set_value(15007);
  EXPECT_EQ(FormatAsWritten(written, Integer(40762), Integer(40506)), "!be16 15006");
}

TEST(FormatAsWrittenTest, FindsAddressesInIntegersArraysAndUnions) {
  EXPECT_EQ(FormatAsWritten(Ip("172.19.0.3"), Integer(50336684), Integer(33559468)), "!ip 172.19.0.2");
  EXPECT_EQ(FormatAsWritten(Ip("172.19.0.3"), Address({50336684, 0, 0, 0}), Address({33559468, 0, 0, 0})),
            "!ip 172.19.0.2");
  EXPECT_EQ(FormatAsWritten(Ip("fd00::1"), Address({0xfd, 0, 0, 1 << 24}), Address({0xfd, 0, 0, 2 << 24})),
            "!ip fd00::2");
  EXPECT_EQ(FormatAsWritten(Ip("10.0.0.1"), List({10, 0, 0, 1}), List({10, 0, 0, 9})), "!ip 10.0.0.9");
}

TEST(FormatAsWrittenTest, SaysNothingWhereItCannotTell) {
  EXPECT_EQ(FormatAsWritten(Ip("10.0.0.1"), Integer(7), Integer(8)), "");
  EXPECT_EQ(FormatAsWritten(Integer(1), Integer(1), Integer(2)), "");
}

}  // namespace
}  // namespace bpfrig::client::verdict
