#include "daemon/worker/traffic/open_socket.h"

#include <sys/socket.h>

#include <cerrno>

#include "proto/rules/transports.h"

namespace bpfrig::worker {

bool SocketKind::IsDatagram() const { return type == SOCK_DGRAM; }
bool SocketKind::IsTcp() const { return type == SOCK_STREAM && family != AF_UNIX; }

SocketKind KindOf(bpfrig::v1::Transport transport, int family) {
  return {family, rules::IsOfDatagrams(transport) ? SOCK_DGRAM : SOCK_STREAM};
}

ReadyOption ReadyOption::Of(int level, int option, int number) {
  return {level, option, std::string(reinterpret_cast<const char*>(&number), sizeof(number))};
}

OpenedSocket OpenSocket(const SocketSetup& setup) {
  const auto refused = [](const char* call, const std::string& option = "") {
    return OpenedSocket{common::Fd(), call, errno, option};
  };
  OpenedSocket opened;
  opened.descriptor =
      common::Fd(::socket(setup.kind.family, setup.kind.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int descriptor = opened.descriptor.Get();
  if (!opened.descriptor.IsOpen()) return refused("socket");
  for (const ReadyOption& option : setup.options) {
    const auto size = static_cast<socklen_t>(option.value.size());
    if (::setsockopt(descriptor, option.level, option.option, option.value.data(), size) != 0) {
      return refused("setsockopt", option.name);
    }
  }
  if (setup.bind.family() != AF_UNSPEC && ::bind(descriptor, setup.bind.data(), setup.bind.size()) != 0) {
    return refused("bind");
  }
  return opened;
}

}  // namespace bpfrig::worker
