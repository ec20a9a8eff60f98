#include "daemon/worker/objects/value_proto.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

namespace v1 = bpfrig::v1;
using kernel_bpf::Value;

class ValueProtoTest : public ::testing::Test {
 protected:
  absl::StatusOr<Value> Resolve(const v1::Value& value, Reference allowed = Reference::kNone,
                                Purpose purpose = Purpose::kWrite) {
    return ValueResolver(traffic_, objects_, numbers_).Resolve(value, allowed, purpose);
  }
  static v1::Value Ip(const std::string& address) {
    v1::Value value;
    value.mutable_tag()->set_ip(address);
    return value;
  }
  static v1::Value Network(uint32_t bits, uint64_t number) {
    v1::Value value;
    value.mutable_tag()->mutable_network_integer()->set_bits(bits);
    value.mutable_tag()->mutable_network_integer()->set_value(number);
    return value;
  }

  Loop loop_;
  Traffic traffic_{loop_, [] { return false; }};
  ObjectStore objects_;
  SandboxNumbers numbers_ = {4711, 1, 2, 3, 4};
};

TEST_F(ValueProtoTest, AddressesAreBytesInNetworkOrder) {
  EXPECT_EQ(*Resolve(Ip("10.96.0.1")), kernel_bpf::Prefix("\x0a\x60" + std::string(1, '\0') + "\x01"));
  EXPECT_EQ(*Resolve(Ip("fd00::1")), kernel_bpf::Prefix("\xfd" + std::string(14, '\0') + "\x01"));
  EXPECT_EQ(base::DetailOf(Resolve(Ip("10.96.0")).status()).reason, base::Reason::kInvalidField);
  EXPECT_EQ(base::DetailOf(Resolve(Ip("fe80::1%lo")).status()).reason, base::Reason::kInvalidField);
}

TEST_F(ValueProtoTest, NumbersStayWhatTheyAre) {
  v1::Value value;
  value.set_unsigned_integer(UINT64_MAX);
  EXPECT_EQ(*Resolve(value), kernel_bpf::Unsigned(UINT64_MAX));
  value.set_signed_integer(INT64_MIN);
  EXPECT_EQ(*Resolve(value), kernel_bpf::Signed(INT64_MIN));
  EXPECT_EQ(*Resolve(Network(16, 15006)), kernel_bpf::Network(16, 15006));
  EXPECT_EQ(base::DetailOf(Resolve(Network(16, 65536)).status()).reason, base::Reason::kOutOfRange);
  EXPECT_EQ(base::DetailOf(Resolve(Network(24, 1)).status()).reason, base::Reason::kInvalidField);
}

TEST_F(ValueProtoTest, ConcatJoinsByteStrings) {
  v1::Value value;
  v1::ValueList& parts = *value.mutable_tag()->mutable_concat();
  parts.add_values()->mutable_tag()->set_hex("\x01\x02");
  *parts.add_values() = Network(16, 0x0304);
  *parts.add_values() = Ip("5.6.7.8");
  parts.add_values()->mutable_tag()->set_text("hi");
  EXPECT_EQ(*Resolve(value), kernel_bpf::Raw("\x01\x02\x03\x04\x05\x06\x07\x08hi"));
  parts.add_values()->set_unsigned_integer(7);
  EXPECT_EQ(base::DetailOf(Resolve(value).status()).field, "[4]");
}

TEST_F(ValueProtoTest, ErrorsHaveThePathWithinTheValue) {
  v1::Value value;
  v1::Field& backends = *value.mutable_fields()->add_fields();
  backends.set_name("backends");
  backends.mutable_value()->mutable_list()->add_values()->set_unsigned_integer(1);
  v1::Field& address =
      *backends.mutable_value()->mutable_list()->add_values()->mutable_fields()->add_fields();
  address.set_name("addr");
  *address.mutable_value() = Ip("nonsense");
  EXPECT_EQ(base::DetailOf(Resolve(value).status()).field, "backends[1].addr");
}

TEST_F(ValueProtoTest, ReferencesNameWhatExistsAndStandWhereTheyMay) {
  v1::Value socket;
  socket.mutable_tag()->mutable_socket()->set_connection("c");
  EXPECT_EQ(base::DetailOf(Resolve(socket).status()).reason, base::Reason::kTypeMismatch);
  EXPECT_EQ(base::DetailOf(Resolve(socket, Reference::kSocket).status()).reason, base::Reason::kUnknownName);
  v1::Value program;
  program.mutable_tag()->set_program("p");
  EXPECT_EQ(base::DetailOf(Resolve(program, Reference::kSocket).status()).reason,
            base::Reason::kTypeMismatch);
  EXPECT_EQ(base::DetailOf(Resolve(program, Reference::kProgram).status()).reason,
            base::Reason::kUnknownName);
}

TEST_F(ValueProtoTest, AServersNameMeansItsOwnSocket) {
  const Endpoint any_port(asio::ip::address_v4::loopback(), 0);
  ASSERT_TRUE(traffic_.Listen("web", {{AF_INET, SOCK_STREAM}, {}, any_port}, {}).ok());
  v1::SocketReference web;
  web.set_connection("web");
  v1::Value socket;
  *socket.mutable_tag()->mutable_socket() = web;
  v1::Value cookie;
  *cookie.mutable_tag()->mutable_cookie() = web;
  const uint64_t known = (*traffic_.FindSocket(web))->cookie();
  EXPECT_EQ(*Resolve(cookie), kernel_bpf::Unsigned(known));
  EXPECT_EQ(*Resolve(socket, Reference::kSocket, Purpose::kExpect), kernel_bpf::Unsigned(known));
  EXPECT_EQ(*Resolve(socket, Reference::kSocket),
            kernel_bpf::Unsigned(static_cast<uint64_t>(*traffic_.FindDescriptor(web))));
}

TEST_F(ValueProtoTest, TheNetnsCookieIsANumberIfTheKernelTellsIt) {
  v1::Value value;
  value.mutable_tag()->set_netns_cookie(true);
  EXPECT_EQ(*Resolve(value), kernel_bpf::Unsigned(4711));
  numbers_.netns_cookie.reset();
  EXPECT_EQ(base::DetailOf(Resolve(value).status()).reason, base::Reason::kUnsupported);
}

TEST_F(ValueProtoTest, AValueThatSaysNothingIsRefused) {
  EXPECT_EQ(base::DetailOf(Resolve(v1::Value()).status()).reason, base::Reason::kInvalidField);
  v1::Value empty_tag;
  empty_tag.mutable_tag();
  EXPECT_EQ(base::DetailOf(Resolve(empty_tag).status()).reason, base::Reason::kInvalidField);
}

TEST_F(ValueProtoTest, DecodedValuesGoOutAsTheyAre) {
  v1::Value out;
  ToProto(
      kernel_bpf::FieldsOf({{"port", kernel_bpf::Unsigned(80)},
                            {"list", kernel_bpf::ListOf({kernel_bpf::Signed(-1), kernel_bpf::TextOf("x")})},
                            {"raw", kernel_bpf::Raw("\xff")}}),
      out);
  EXPECT_EQ(out.fields().fields_size(), 3);
  EXPECT_EQ(out.fields().fields(0).value().unsigned_integer(), 80u);
  EXPECT_EQ(out.fields().fields(1).value().list().values(0).signed_integer(), -1);
  EXPECT_EQ(out.fields().fields(1).value().list().values(1).text(), "x");
  EXPECT_EQ(out.fields().fields(2).value().raw(), "\xff");
}

TEST_F(ValueProtoTest, NamesThatAreNotTextAreShown) {
  bpfrig::v1::Value out;
  ToProto(kernel_bpf::FieldsOf({{"m\xff", kernel_bpf::TextOf("ENUM\xfe")}}), out);
  EXPECT_EQ(out.fields().fields(0).name(), "m\\xff");
  EXPECT_EQ(out.fields().fields(0).value().text(), "ENUM\\xfe");
}

Endpoint At(const std::string& address, uint16_t port) {
  return Endpoint(asio::ip::make_address(address), port);
}

TEST(SockTupleTest, LaysOutBothFamiliesAndBothOrders) {
  const std::string network = EncodeSockTuple(At("1.2.3.4", 0x1122), At("5.6.7.8", 0x3344), false);
  EXPECT_EQ(network, "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x22\x33\x44");
  const std::string host = EncodeSockTuple(At("1.2.3.4", 0x1122), At("5.6.7.8", 0x3344), true);
  EXPECT_EQ(host, "\x01\x02\x03\x04\x05\x06\x07\x08\x22\x11\x44\x33");
  const std::string six = EncodeSockTuple(At("fd00::1", 1), At("fd00::2", 2), false);
  ASSERT_EQ(six.size(), 36u);
  EXPECT_EQ(six[15], 1);
  EXPECT_EQ(six[31], 2);
  EXPECT_EQ(six.substr(32), std::string("\0\1\0\2", 4));
  // A connection of an IPv6 socket to an IPv4 one is an IPv4 connection.
  EXPECT_EQ(EncodeSockTuple(At("::ffff:1.2.3.4", 0x1122), At("::ffff:5.6.7.8", 0x3344), false), network);
}

}  // namespace
}  // namespace bpfrig::worker
