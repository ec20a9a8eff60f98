#include "daemon/worker/traffic/open_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "proto/rules/field_words.h"
#include "proto/rules/transports.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::Transport;

const char* NameOfFamily(int family) {
  if (family == AF_UNIX) return "an abstract name";
  return family == AF_INET6 ? "an IPv6 address" : "an IPv4 address";
}

}  // namespace

bool SocketKind::IsDatagram() const { return type == SOCK_DGRAM; }
bool SocketKind::IsTcp() const { return type == SOCK_STREAM && family != AF_UNIX; }

absl::StatusOr<SocketKind> KindOf(Transport transport, int family) {
  if (transport == bpfrig::v1::TRANSPORT_UNSPECIFIED || rules::IsUnix(transport) == (family == AF_UNIX)) {
    return SocketKind{family, rules::IsOfDatagrams(transport) ? SOCK_DGRAM : SOCK_STREAM};
  }
  const auto& word = *bpfrig::v1::Transport_descriptor()->FindValueByNumber(transport);
  return base::WithField(base::MakeError(base::Reason::kInvalidField,
                                         absl::StrCat("making a socket for ", rules::EnumWord(word),
                                                      ": it does not go with ", NameOfFamily(family))),
                         "transport");
}

ReadyOption ReadyOption::Of(int level, int option, int number) {
  return {level, option, std::string(reinterpret_cast<const char*>(&number), sizeof(number))};
}

OpenedSocket OpenSocket(const SocketSetup& setup) {
  const auto refused = [](const char* call) { return OpenedSocket{common::Fd(), call, errno}; };
  OpenedSocket opened;
  opened.descriptor =
      common::Fd(::socket(setup.kind.family, setup.kind.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int descriptor = opened.descriptor.Get();
  if (!opened.descriptor.IsOpen()) return refused("socket");
  for (const ReadyOption& option : setup.options) {
    const auto size = static_cast<socklen_t>(option.value.size());
    if (::setsockopt(descriptor, option.level, option.option, option.value.data(), size) != 0) {
      return refused("setsockopt");
    }
  }
  if (setup.bind.family() != AF_UNSPEC && ::bind(descriptor, setup.bind.data(), setup.bind.size()) != 0) {
    return refused("bind");
  }
  return opened;
}

}  // namespace bpfrig::worker
