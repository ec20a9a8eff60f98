#include "daemon/worker/traffic/socket_facts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/kernel_os/sock_diag.h"

namespace bpfrig::worker {
namespace {

Endpoint AskForName(int descriptor, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  // ENOTCONN, as a rule.
  if (ask(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  return {name, size};
}

std::optional<SocketFacts> FindListed(int descriptor, SocketKind kind) {
  const absl::StatusOr<std::optional<kernel_os::ListedSocket>> listed =
      kernel_os::FindListed(descriptor, kind.family, kind.type);
  if (!listed.ok()) {
    base::LogWarning(
        absl::StrCat(listed.status().message(), ": programs of the sandbox see how the rig asks for names"));
    return std::nullopt;
  }
  if (!listed->has_value()) return SocketFacts();
  const uint64_t cookie = (*listed)->cookie != 0 ? (*listed)->cookie : AskForCookie(descriptor);
  return SocketFacts{Endpoint((*listed)->local, (*listed)->local_size),
                     Endpoint((*listed)->peer, (*listed)->peer_size), cookie};
}

}  // namespace

uint64_t AskForCookie(int descriptor) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return 0;
  return cookie;
}

SocketFacts SocketInspector::Inspect(int descriptor, SocketKind kind) const {
  if (is_watched_()) {
    if (const std::optional<SocketFacts> listed = FindListed(descriptor, kind)) return *listed;
  }
  return {AskForName(descriptor, ::getsockname), AskForName(descriptor, ::getpeername),
          AskForCookie(descriptor)};
}

void SocketInspector::ReuseAddress(SocketSetup& setup) const {
  if (!setup.kind.IsTcp() || is_watched_()) return;
  setup.options.insert(setup.options.begin(), ReadyOption::Of(SOL_SOCKET, SO_REUSEADDR, 1));
}

void SocketInspector::SendAtOnce(int descriptor, SocketKind kind) const {
  if (!kind.IsTcp() || is_watched_()) return;
  const int yes = 1;
  if (::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0) {
    base::LogDebug(absl::StrCat("setting TCP_NODELAY: ", std::strerror(errno)));
  }
}

}  // namespace bpfrig::worker
