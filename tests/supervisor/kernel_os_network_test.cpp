// Netlink and the netns functions, in a network namespace made for each test.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "common/ip_prefix.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/netlink.h"
#include "daemon/kernel_os/netns.h"

namespace bpfrig::tests {
namespace {

using common::IpPrefix;
using common::ParseIpPrefix;
using kernel_os::Netlink;

class NetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = common::Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << std::strerror(errno);
    absl::StatusOr<Netlink> netlink = Netlink::Open();
    ASSERT_TRUE(netlink.ok()) << netlink.status();
    netlink_.emplace(*std::move(netlink));
  }
  void TearDown() override {
    netlink_.reset();
    ASSERT_EQ(::setns(home_.Get(), CLONE_NEWNET), 0);
  }

  // Binds a TCP socket to the address, and returns the errno, 0 for success.
  static int Bind(const std::string& address, uint16_t port = 0) {
    const IpPrefix parsed = *ParseIpPrefix(address);
    const common::Fd socket(::socket(parsed.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_storage storage = SocketAddress(parsed, port);
    return ::bind(socket.Get(), reinterpret_cast<const sockaddr*>(&storage), sizeof(storage)) == 0 ? 0
                                                                                                   : errno;
  }

  // Connects to a port at which nobody listens; only ever inside the namespace. Returns the errno.
  static int Connect(const std::string& address) {
    const IpPrefix parsed = *ParseIpPrefix(address);
    const common::Fd socket(::socket(parsed.family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_storage storage = SocketAddress(parsed, 9);
    return ::connect(socket.Get(), reinterpret_cast<const sockaddr*>(&storage), sizeof(storage)) == 0 ? 0
                                                                                                      : errno;
  }

  static sockaddr_storage SocketAddress(const IpPrefix& address, uint16_t port) {
    sockaddr_storage storage{};
    storage.ss_family = static_cast<sa_family_t>(address.family);
    if (address.family == AF_INET) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      v4->sin_port = htons(port);
      std::memcpy(&v4->sin_addr, address.bytes.data(), sizeof(v4->sin_addr));
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
      v6->sin6_port = htons(port);
      std::memcpy(&v6->sin6_addr, address.bytes.data(), sizeof(v6->sin6_addr));
    }
    return storage;
  }

  common::Fd home_;
  std::optional<Netlink> netlink_;
};

TEST_F(NetworkTest, BringsLoopbackUp) {
  const auto before = netlink_->ListInterfaces();
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_EQ(before->size(), 1u);
  EXPECT_EQ(before->front().name, "lo");
  EXPECT_FALSE(before->front().is_up);
  EXPECT_EQ(Connect("127.0.0.1"), ENETUNREACH);
  ASSERT_TRUE(netlink_->SetUp("lo").ok());
  EXPECT_TRUE(netlink_->ListInterfaces()->front().is_up);
  EXPECT_EQ(Connect("127.0.0.1"), ECONNREFUSED);
}

TEST_F(NetworkTest, AddedAddressesCanBeBoundAtOnce) {
  ASSERT_TRUE(netlink_->SetUp("lo").ok());
  for (const char* address : {"10.96.0.1", "172.19.0.2/16", "fd00:10:96::1", "fd00:172:19::2/64"}) {
    const std::string bare = std::string(address).substr(0, std::string(address).find('/'));
    EXPECT_EQ(Bind(bare), EADDRNOTAVAIL) << address;
    const absl::Status added = netlink_->AddAddress("lo", *ParseIpPrefix(address));
    EXPECT_TRUE(added.ok()) << added;
    EXPECT_EQ(Bind(bare), 0) << address;
    EXPECT_EQ(Connect(bare), ECONNREFUSED) << address;
  }
}

TEST_F(NetworkTest, AddedAddressesCanBeReachedAtOnceEveryTime) {
  ASSERT_TRUE(netlink_->SetUp("lo").ok());
  for (int i = 1; i <= 200; ++i) {
    const std::string address = absl::StrCat("fd00:10:96::", i);
    ASSERT_TRUE(netlink_->AddAddress("lo", *ParseIpPrefix(address)).ok());
    ASSERT_EQ(Connect(address), ECONNREFUSED) << address;
  }
}

TEST_F(NetworkTest, AddressThatCouldNotBeReachedIsAnError) {
  const absl::Status added = netlink_->AddAddress("lo", *ParseIpPrefix("fd00:10:96::1"));
  EXPECT_EQ(added.message(), "adding local route fd00:10:96::1/128 on lo: Network is down");
}

TEST_F(NetworkTest, AddressThatExistsHasItsOwnError) {
  const IpPrefix address = *ParseIpPrefix("10.96.0.1");
  ASSERT_TRUE(netlink_->AddAddress("lo", address).ok());
  const absl::Status again = netlink_->AddAddress("lo", address);
  EXPECT_TRUE(absl::IsAlreadyExists(again)) << again;
  EXPECT_EQ(again.message(), "adding address 10.96.0.1/32 to lo: the interface has it already");
}

TEST_F(NetworkTest, LocalRouteAnswersForItsWholePrefix) {
  ASSERT_TRUE(netlink_->SetUp("lo").ok());
  for (const auto& [prefix, inside] :
       {std::pair("0.0.0.2/32", "0.0.0.2"), std::pair("198.51.100.7/24", "198.51.100.9"),
        std::pair("::2/128", "::2"), std::pair("2001:db8::1/64", "2001:db8::9")}) {
    EXPECT_EQ(Connect(inside), ENETUNREACH) << inside;
    const absl::Status added = netlink_->AddLocalRoute("lo", *ParseIpPrefix(prefix));
    EXPECT_TRUE(added.ok()) << added;
    EXPECT_EQ(Connect(inside), ECONNREFUSED) << inside;
  }
}

TEST_F(NetworkTest, ErrorsNameActionAndObject) {
  EXPECT_EQ(netlink_->SetUp("eth7").message(), "finding interface eth7: No such device");
  const absl::Status status = netlink_->AddAddress("lo", *ParseIpPrefix("ff02::1"));
  EXPECT_EQ(status.message(), "adding address ff02::1/128 to lo: Cannot assign requested address");
}

TEST_F(NetworkTest, CookieIsTheNamespacesOwn) {
  const absl::StatusOr<uint64_t> cookie = kernel_os::NetnsCookie();
  if (absl::IsUnimplemented(cookie.status())) GTEST_SKIP() << "this kernel has no SO_NETNS_COOKIE";
  ASSERT_TRUE(cookie.ok()) << cookie.status();
  EXPECT_NE(*cookie, 0u);
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  EXPECT_NE(*kernel_os::NetnsCookie(), *cookie);
}

}  // namespace
}  // namespace bpfrig::tests
