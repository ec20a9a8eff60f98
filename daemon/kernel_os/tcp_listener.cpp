#include "daemon/kernel_os/tcp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using base::WithHint;

absl::Status BadAddress(absl::string_view text) {
  return MakeError(
      Reason::kInvalidField,
      absl::StrCat("\"", text,
                   "\" is not a TCP address to listen at: write IP:PORT, as 127.0.0.1:7443 or [::1]:7443"));
}

// The address, as the sockaddr_storage that holds it.
const sockaddr_in& V4(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr_in&>(address);
}
const sockaddr_in6& V6(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr_in6&>(address);
}

bool IsLoopbackV4(uint32_t network_order) { return (ntohl(network_order) >> 24) == 127; }

bool IsLoopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return IsLoopbackV4(V4(address).sin_addr.s_addr);
  const in6_addr& v6 = V6(address).sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&v6)) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  uint32_t mapped = 0;
  std::memcpy(&mapped, &v6.s6_addr[12], sizeof(mapped));
  return IsLoopbackV4(mapped);
}

std::string ToText(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &V4(address).sin_addr, text.data(), text.size());
    return absl::StrCat(text.data(), ":", ntohs(V4(address).sin_port));
  }
  ::inet_ntop(AF_INET6, &V6(address).sin6_addr, text.data(), text.size());
  return absl::StrCat("[", text.data(), "]:", ntohs(V6(address).sin6_port));
}

absl::Status BindError(const std::string& where) {
  const int error_number = errno;
  const absl::Status status = ErrnoError(absl::StrCat("listening at ", where));
  switch (error_number) {
    case EADDRINUSE:
      return WithHint(status, "another program has this port: choose another with --listen-tcp");
    case EADDRNOTAVAIL:
      return WithHint(status, "this machine, or container, has no such address");
    case EACCES:
      return WithHint(status, "a port below 1024 takes CAP_NET_BIND_SERVICE: choose a higher one");
    default:
      return status;
  }
}

}  // namespace

absl::StatusOr<TcpAddress> ParseTcpAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) {
    return BadAddress(text);
  }
  absl::string_view host = text.substr(0, colon);
  const bool is_v6 = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  TcpAddress parsed;
  parsed.address.ss_family = is_v6 ? AF_INET6 : AF_INET;
  auto& v4 = reinterpret_cast<sockaddr_in&>(parsed.address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(parsed.address);
  void* const place = is_v6 ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr;
  if (::inet_pton(parsed.address.ss_family, std::string(host).c_str(), place) != 1) return BadAddress(text);
  (is_v6 ? v6.sin6_port : v4.sin_port) = htons(static_cast<uint16_t>(port));
  parsed.size = is_v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  parsed.is_loopback = IsLoopback(parsed.address);
  return parsed;
}

absl::StatusOr<common::Fd> ListenTcp(const TcpAddress& address) {
  const std::string where = ToText(address.address);
  common::Fd socket(::socket(address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.IsOpen()) return ErrnoError(absl::StrCat("making a socket for ", where));
  const int on = 1;
  // A daemon that starts again must not wait for the last one's connections to be forgotten. Accepted sockets
  // inherit TCP_NODELAY, which gRPC does not set on sockets that it did not make.
  if (::setsockopt(socket.Get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      ::setsockopt(socket.Get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
    return ErrnoError(absl::StrCat("preparing a socket for ", where));
  }
  if (::bind(socket.Get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) != 0 ||
      ::listen(socket.Get(), SOMAXCONN) != 0) {
    return BindError(where);
  }
  return socket;
}

absl::StatusOr<std::string> LocalAddress(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return ErrnoError("asking where a socket listens");
  }
  return ToText(address);
}

}  // namespace bpfrig::kernel_os
