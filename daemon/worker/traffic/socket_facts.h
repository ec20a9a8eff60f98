// What the rig itself wants to know of a socket, and sets on it, without a program of the sandbox running
// because of that: setsockopt, getsockopt, getsockname and getpeername programs run for every such call on a
// socket of their cgroup, the rig's as well.
#pragma once

#include <cstdint>
#include <functional>

#include "daemon/worker/traffic/endpoint.h"
#include "daemon/worker/traffic/open_socket.h"

namespace bpfrig::worker {

struct SocketFacts {
  Endpoint local;
  Endpoint peer;
  // SO_COOKIE; 0 if it is not known.
  uint64_t cookie = 0;
};

// By getsockopt(); 0 if the kernel does not tell it.
[[nodiscard]] uint64_t AskForCookie(int descriptor);

class SocketInspector {
 public:
  // `is_watched` says whether a program of one of those kinds is attached just now.
  explicit SocketInspector(std::function<bool()> is_watched) : is_watched_(std::move(is_watched)) {}

  [[nodiscard]] bool IsWatched() const { return is_watched_(); }

  // By system calls if nobody watches them, which is quicker; otherwise as sock_diag lists the socket, which
  // knows nothing of one that is not bound, nor of a TCP socket that is only bound. If the kernel's sock_diag
  // is a module that is not there, names come from /proc/net, and cookies by system calls.
  [[nodiscard]] SocketFacts Inspect(int descriptor, SocketKind kind) const;

  // The options that the rig sets of its own accord, of TCP alone, and unless somebody watches.
  // Of a socket that is to be made: its port may be in TIME_WAIT. (Of datagrams it would share the port.)
  void ReuseAddress(SocketSetup& setup) const;
  // What is sent goes at once, and by itself: a plan's next step must not wait for a delayed acknowledgement.
  void SendAtOnce(int descriptor, SocketKind kind) const;

 private:
  std::function<bool()> is_watched_;
};

}  // namespace bpfrig::worker
