#include "daemon/front/connection_acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/limited_log.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

// If accepting fails for want of descriptors or memory, until it is tried again.
constexpr absl::Duration kRetryTime = absl::Milliseconds(200);

// A socket that takes IPv6 and IPv4 tells of IPv4 addresses as IPv6 ones; gRPC does not.
void Unmap(sockaddr_storage& address, socklen_t& size) {
  const auto mapped = reinterpret_cast<const sockaddr_in6&>(address);
  if (address.ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&mapped.sin6_addr)) return;
  sockaddr_in plain{};
  plain.sin_family = AF_INET;
  plain.sin_port = mapped.sin6_port;
  std::memcpy(&plain.sin_addr, &mapped.sin6_addr.s6_addr[12], sizeof(plain.sin_addr));
  std::memcpy(&address, &plain, sizeof(plain));
  size = sizeof(plain);
}

absl::StatusOr<NewConnection> DescribeRemote(sockaddr_storage address, socklen_t size) {
  Unmap(address, size);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int error = ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                                  port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) return absl::InternalError(absl::StrCat("asking who connected: ", ::gai_strerror(error)));
  // Not only for debugging: what gRPC tells of a call that was refused has no address.
  const std::string line = absl::StrCat("a client connected from ", host.data());
  base::LogLimited(base::LogLevel::kInfo, line, absl::StrCat(line, " port ", port.data()));
  const std::string peer = address.ss_family == AF_INET6
                               ? absl::StrCat("ipv6:[", host.data(), "]:", port.data())
                               : absl::StrCat("ipv4:", host.data(), ":", port.data());
  return NewConnection{.door = Door::kTcp, .peer = peer, .caller = "", .from = host.data()};
}

absl::StatusOr<NewConnection> DescribeLocal(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return base::ErrnoError("asking who connected");
  }
  base::LogDebug(absl::StrCat("a client connected: uid ", peer.uid, ", pid ", peer.pid));
  const std::string user = absl::StrCat("user ", peer.uid);
  // How gRPC calls a connection that it got as a descriptor: clients have no address on a unix socket.
  return NewConnection{
      .door = Door::kUnix, .peer = absl::StrCat("fd:", socket), .caller = user, .from = user};
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Start(common::Fd listener,
                                                                              OnConnection on_connection) {
  // So that a client which left again before it was accepted does not block the thread.
  const int flags = ::fcntl(listener.Get(), F_GETFL);
  if (flags < 0 || ::fcntl(listener.Get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return base::ErrnoError("making the listening socket non-blocking");
  }
  BPFRIG_ASSIGN_OR_RETURN(Event stop, Event::Create());
  return std::unique_ptr<ConnectionAcceptor>(
      new ConnectionAcceptor(std::move(listener), std::move(on_connection), std::move(stop)));
}

ConnectionAcceptor::ConnectionAcceptor(common::Fd listener, OnConnection on_connection, Event stop)
    : listener_(std::move(listener)),
      on_connection_(std::move(on_connection)),
      stop_(std::move(stop)),
      thread_([this] { Run(); }) {}

ConnectionAcceptor::~ConnectionAcceptor() {
  stop_.Signal();
  thread_.join();
}

void ConnectionAcceptor::Run() {
  while (true) {
    // Idle until somebody comes.
    const absl::StatusOr<int> ready = WaitForAny({stop_.Get(), listener_.Get()}, absl::InfiniteFuture());
    if (ready.ok() && *ready == stop_.Get()) return;
    const absl::Status accepted = ready.ok() ? Accept() : ready.status();
    if (accepted.ok()) continue;
    base::LogError(std::string(accepted.message()));
    if (WaitForAny({stop_.Get()}, absl::Now() + kRetryTime).ok()) return;
  }
}

absl::Status ConnectionAcceptor::Accept() {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  common::Fd client(
      ::accept4(listener_.Get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client.IsOpen()) {
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return absl::OkStatus();
    return base::ErrnoError("accepting a client");
  }
  BPFRIG_ASSIGN_OR_RETURN(const NewConnection connection, address.ss_family == AF_UNIX
                                                              ? DescribeLocal(client.Get())
                                                              : DescribeRemote(address, size));
  on_connection_(std::move(client), connection);
  return absl::OkStatus();
}

}  // namespace bpfrig::front
