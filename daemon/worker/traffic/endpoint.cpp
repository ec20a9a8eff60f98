#include "daemon/worker/traffic/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {

using base::MakeError;
using base::Reason;

Endpoint::Endpoint(const asio::ip::address& address, uint16_t port)
    : stored_(asio::ip::tcp::endpoint(address, port)) {}

Endpoint::Endpoint(const sockaddr_storage& address, socklen_t size) {
  if (size >= sizeof(sa_family_t)) stored_ = {&address, size};
}

Endpoint Endpoint::Abstract(const std::string& name) {
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t copied = std::min(name.size(), sizeof(address.sun_path) - 1);
  std::memcpy(address.sun_path + 1, name.data(), copied);
  std::memcpy(&storage, &address, sizeof(address));
  const size_t size = offsetof(sockaddr_un, sun_path) + (name.empty() ? 0 : 1 + copied);
  return {storage, static_cast<socklen_t>(size)};
}

std::string Endpoint::abstract() const {
  constexpr size_t kBefore = offsetof(sockaddr_un, sun_path) + 1;
  if (family() != AF_UNIX || stored_.size() <= kBefore) return "";
  return {reinterpret_cast<const char*>(stored_.data()) + kBefore, stored_.size() - kBefore};
}

asio::ip::address Endpoint::address() const {
  if (family() == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, stored_.data(), sizeof(four));
    return asio::ip::address_v4(ntohl(four.sin_addr.s_addr));
  }
  if (family() == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, stored_.data(), sizeof(six));
    asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, six.sin6_scope_id);
  }
  return asio::ip::address_v4();
}

uint16_t Endpoint::port() const {
  // Both families have it at the same place.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  if (family() != AF_INET && family() != AF_INET6) return 0;
  sockaddr_in either{};
  std::memcpy(&either, stored_.data(), sizeof(either));
  return ntohs(either.sin_port);
}

bool Endpoint::operator==(const Endpoint& other) const {
  if (family() != other.family()) return false;
  // The kernel may tell a flow label, which does not belong to where a socket is.
  if (family() == AF_INET || family() == AF_INET6) {
    return address() == other.address() && port() == other.port();
  }
  return stored_ == other.stored_;
}

absl::StatusOr<Endpoint> ParseEndpoint(const bpfrig::v1::SocketAddress& address) {
  if (!address.abstract().empty()) return Endpoint::Abstract(address.abstract());
  error_code error;
  const asio::ip::address parsed = asio::ip::make_address(address.address(), error);
  // A scope ("fe80::1%lo") is text that inet_pton does not read.
  if (error || address.address().find('%') != std::string::npos) {
    return base::WithField(
        MakeError(Reason::kInvalidField,
                  absl::StrCat("reading the address '", address.address(), "': not an IPv4 or IPv6 address")),
        "address");
  }
  if (address.port() > UINT16_MAX) {
    return base::WithField(
        MakeError(Reason::kOutOfRange, absl::StrCat("reading the port ", address.port(), ": at most 65535")),
        "port");
  }
  return Endpoint(parsed, static_cast<uint16_t>(address.port()));
}

Endpoint Normalised(const Endpoint& endpoint) {
  const asio::ip::address address = endpoint.address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return endpoint;
  return Endpoint(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()), endpoint.port());
}

bpfrig::v1::SocketAddress ToProto(const Endpoint& endpoint) {
  bpfrig::v1::SocketAddress address;
  if (endpoint.family() == AF_UNIX) address.set_abstract(endpoint.abstract());
  if (endpoint.family() != AF_INET && endpoint.family() != AF_INET6) return address;
  address.set_address(endpoint.address().to_string());
  address.set_port(endpoint.port());
  return address;
}

std::string ToText(const Endpoint& endpoint) {
  if (endpoint.family() == AF_UNIX) return absl::StrCat("@", endpoint.abstract());
  const std::string address = endpoint.address().to_string();
  if (endpoint.family() == AF_INET6) return absl::StrCat("[", address, "]:", endpoint.port());
  return absl::StrCat(address, ":", endpoint.port());
}

}  // namespace bpfrig::worker
