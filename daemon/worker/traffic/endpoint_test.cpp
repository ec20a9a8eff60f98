#include "daemon/worker/traffic/endpoint.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/local/stream_protocol.hpp>

#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

Endpoint At(const std::string& address, uint16_t port) {
  return Endpoint(asio::ip::make_address(address), port);
}

absl::StatusOr<Endpoint> Parse(const std::string& address, uint32_t port) {
  bpfrig::v1::SocketAddress proto;
  proto.set_address(address);
  proto.set_port(port);
  return ParseEndpoint(proto);
}

TEST(EndpointTest, KeepsAddressAndPortOfBothFamilies) {
  const Endpoint four = At("10.96.0.1", 80);
  EXPECT_EQ(four.family(), AF_INET);
  EXPECT_EQ(four.address().to_string(), "10.96.0.1");
  EXPECT_EQ(four.port(), 80);
  const Endpoint six = At("fd00::1", 65535);
  EXPECT_EQ(six.family(), AF_INET6);
  EXPECT_EQ(six.address().to_string(), "fd00::1");
  EXPECT_EQ(six.port(), 65535);
  EXPECT_EQ(six.ForStreams().protocol().protocol(), IPPROTO_TCP);
  EXPECT_EQ(Endpoint().family(), AF_UNSPEC);
}

TEST(EndpointTest, EqualsByFamilyAddressAndPort) {
  EXPECT_EQ(At("10.96.0.1", 80), At("10.96.0.1", 80));
  EXPECT_NE(At("10.96.0.1", 80), At("10.96.0.1", 81));
  EXPECT_NE(At("10.96.0.1", 80), At("10.96.0.2", 80));
  EXPECT_NE(At("0.0.0.0", 0), Endpoint());
  EXPECT_NE(At("10.96.0.1", 80), At("::ffff:10.96.0.1", 80));
  EXPECT_EQ(At("10.96.0.1", 80), Normalised(At("::ffff:10.96.0.1", 80)));
  EXPECT_EQ(At("fd00::1", 80), Normalised(At("fd00::1", 80)));
}

TEST(EndpointTest, HoldsNamesOfOtherFamilies) {
  const asio::local::stream_protocol::endpoint name(std::string("\0name", 5));
  const asio::local::stream_protocol::endpoint other(std::string("\0other", 6));
  const Endpoint endpoint{asio::generic::stream_protocol::endpoint(name)};
  EXPECT_EQ(endpoint.family(), AF_UNIX);
  EXPECT_EQ(endpoint, Endpoint(asio::generic::stream_protocol::endpoint(name)));
  EXPECT_NE(endpoint, Endpoint(asio::generic::stream_protocol::endpoint(other)));
}

TEST(EndpointTest, ReadsAndWritesTheApisText) {
  const absl::StatusOr<Endpoint> parsed = Parse("::ffff:10.96.0.1", 80);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(ToProto(*parsed).address(), "10.96.0.1");
  EXPECT_EQ(ToProto(*parsed).port(), 80u);
  EXPECT_EQ(ToText(At("10.96.0.1", 80)), "10.96.0.1:80");
  EXPECT_EQ(ToText(At("fd00::1", 80)), "[fd00::1]:80");
  EXPECT_EQ(base::DetailOf(Parse("localhost", 1).status()).field, "address");
  EXPECT_EQ(base::DetailOf(Parse("fe80::1%lo", 1).status()).field, "address");
  EXPECT_EQ(base::DetailOf(Parse("::1", 65536).status()).field, "port");
}

}  // namespace
}  // namespace bpfrig::worker
