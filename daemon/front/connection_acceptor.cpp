#include "daemon/front/connection_acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

// If accepting fails for want of descriptors or memory, until it is tried again.
constexpr absl::Duration kRetryTime = absl::Milliseconds(200);
// Clients from the network, who may be anybody, get no descriptor above this: the rest is for the unix socket
// and for calls.
constexpr int kRemoteDescriptors = 4096;

void LogRemotePeer(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int error = ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                                  port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) return base::LogWarning(absl::StrCat("asking who connected: ", ::gai_strerror(error)));
  // Not only for debugging: what gRPC tells of a call that was refused has no address.
  base::LogInfo(absl::StrCat("a client connected from ", host.data(), " port ", port.data()));
}

void LogLocalPeer(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    base::LogWarning(absl::StrCat("asking who connected: ", common::ErrnoName(errno)));
    return;
  }
  base::LogDebug(absl::StrCat("a client connected: uid ", peer.uid, ", pid ", peer.pid));
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
  if (address.ss_family == AF_UNIX) {
    LogLocalPeer(client.Get());
  } else {
    LogRemotePeer(address, size);
    if (client.Get() >= kRemoteDescriptors) {
      base::LogWarning("refused that client: there are too many connections");
      return absl::OkStatus();
    }
  }
  on_connection_(std::move(client));
  return absl::OkStatus();
}

}  // namespace bpfrig::front
