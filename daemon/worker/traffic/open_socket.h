// How every socket of the sandbox is made: of which kind, with which options, and bound where.
#pragma once

#include <string>
#include <vector>

#include "bpfrig/v1/socket.pb.h"
#include "common/fd.h"
#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {

// The arguments of socket().
struct SocketKind {
  int family = 0;
  // SOCK_STREAM or SOCK_DGRAM.
  int type = 0;

  [[nodiscard]] bool IsDatagram() const;
  // Whether it is TCP.
  [[nodiscard]] bool IsTcp() const;
};

// What speaks `transport` at an address of `family`, which go together: the rules of requests say so.
[[nodiscard]] SocketKind KindOf(bpfrig::v1::Transport transport, int family);

// An option, ready for setsockopt().
struct ReadyOption {
  int level = 0;
  int option = 0;
  std::string value;
  // As a request calls it; empty for one of the rig's own.
  std::string name = {};

  static ReadyOption Of(int level, int option, int number);
};

struct SocketSetup {
  SocketKind kind;
  // Set in this order before the socket is bound.
  std::vector<ReadyOption> options;
  // Nowhere: not bound.
  Endpoint bind;
};

struct OpenedSocket {
  // Non-blocking and close-on-exec. Not open if something was refused.
  common::Fd descriptor;
  // The system call that was refused, and its errno.
  const char* refused = "";
  int error = 0;
  // Of setsockopt: the option's name.
  std::string option = {};
};

[[nodiscard]] OpenedSocket OpenSocket(const SocketSetup& setup);

}  // namespace bpfrig::worker
