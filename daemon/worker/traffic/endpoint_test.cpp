#include "daemon/worker/traffic/endpoint.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

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

TEST(EndpointTest, HoldsAbstractNames) {
  const Endpoint name = Endpoint::Abstract("name");
  EXPECT_EQ(name.family(), AF_UNIX);
  EXPECT_EQ(name.abstract(), "name");
  EXPECT_EQ(name.size(), sizeof(sa_family_t) + 5);
  EXPECT_EQ(name, Endpoint::Abstract("name"));
  EXPECT_NE(name, Endpoint::Abstract("other"));
  EXPECT_NE(name, Endpoint::Abstract(""));
  EXPECT_EQ(Endpoint::Abstract("").abstract(), "");
  EXPECT_EQ(Endpoint::Abstract(std::string(200, 'x')).abstract(), std::string(107, 'x'));
  EXPECT_EQ(At("10.96.0.1", 80).abstract(), "");
  EXPECT_EQ(ToText(name), "@name");
  EXPECT_EQ(ToProto(name).abstract(), "name");
  bpfrig::v1::SocketAddress proto;
  proto.set_abstract("name");
  EXPECT_EQ(*ParseEndpoint(proto), name);
}

TEST(EndpointTest, IsNowhereIfTheKernelWroteNothing) {
  EXPECT_EQ(Endpoint(sockaddr_storage{}, 0).family(), AF_UNSPEC);
}

TEST(EndpointTest, ReadsAndWritesTheApisText) {
  const absl::StatusOr<Endpoint> parsed = Parse("::ffff:10.96.0.1", 80);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(ToProto(*parsed).address(), "::ffff:10.96.0.1");
  EXPECT_EQ(ToProto(Normalised(*parsed)).address(), "10.96.0.1");
  EXPECT_EQ(ToProto(*parsed).port(), 80u);
  EXPECT_EQ(ToText(At("10.96.0.1", 80)), "10.96.0.1:80");
  EXPECT_EQ(ToText(At("fd00::1", 80)), "[fd00::1]:80");
  EXPECT_EQ(base::DetailOf(Parse("localhost", 1).status()).field, "address");
  EXPECT_EQ(base::DetailOf(Parse("fe80::1%lo", 1).status()).field, "address");
  EXPECT_EQ(base::DetailOf(Parse("::1", 65536).status()).field, "port");
}

}  // namespace
}  // namespace bpfrig::worker
