// OpenSocket: a socket that neither listens nor dials. GetSocketName: getsockname() and getpeername() on any
// socket that has a name.
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/ready_options.h"
#include "daemon/worker/traffic/open_socket.h"
#include "daemon/worker/traffic/plain_socket.h"
#include "proto/rules/transports.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::OpenSocketRequest;

// Of a socket that is not bound.
int FamilyOf(const OpenSocketRequest& request) {
  if (rules::IsUnix(request.transport())) return AF_UNIX;
  return request.family() == bpfrig::v1::ADDRESS_FAMILY_IPV6 ? AF_INET6 : AF_INET;
}

absl::StatusOr<SocketSetup> ReadSetup(const OpenSocketRequest& request, Sandbox& sandbox) {
  SocketSetup setup;
  int family = FamilyOf(request);
  if (request.has_bind()) {
    const absl::StatusOr<Endpoint> bind = ParseEndpoint(request.bind());
    if (!bind.ok()) return base::WithField(bind.status(), "bind");
    setup.bind = *bind;
    const bool says_family = request.family() != bpfrig::v1::ADDRESS_FAMILY_UNSPECIFIED;
    if (says_family && family != bind->family()) {
      return base::WithField(base::MakeError(base::Reason::kInvalidField,
                                             "making a socket: its family is not that of where it is bound"),
                             "family");
    }
    family = bind->family();
  }
  setup.kind = KindOf(request.transport(), family);
  BPFRIG_ASSIGN_OR_RETURN(setup.options, ResolveOptions(request.options(), sandbox));
  return setup;
}

std::shared_ptr<Socket> Adopt(Sandbox& sandbox, common::Fd descriptor, SocketKind kind,
                              const SocketFacts& facts) {
  if (!kind.IsDatagram()) return std::make_shared<PlainSocket>(std::move(descriptor), facts);
  return DatagramSocket::Start(sandbox.loop(), std::move(descriptor), facts, Behaviour(),
                               sandbox.traffic().receive_limit());
}

}  // namespace

absl::Status HandleOpenSocket(Sandbox& sandbox, const OpenSocketRequest& request,
                              bpfrig::v1::OpenSocketResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const SocketSetup setup, ReadSetup(request, sandbox));
  Traffic& traffic = sandbox.traffic();
  BPFRIG_RETURN_IF_ERROR(traffic.ReserveName(request.name()));
  OpenedSocket opened = OpenSocket(setup);
  if (!opened.descriptor.IsOpen()) {
    traffic.ReleaseName(request.name());
    response.set_errno_name(common::ErrnoName(opened.error));
    response.set_refused(opened.refused);
    return absl::OkStatus();
  }
  const SocketFacts facts = traffic.inspector().Inspect(opened.descriptor.Get(), setup.kind);
  if (setup.bind.family() != AF_UNSPEC && facts.local.family() != AF_UNSPEC) {
    *response.mutable_local() = ToProto(facts.local);
  }
  Connection plain;
  plain.dialled = Adopt(sandbox, std::move(opened.descriptor), setup.kind, facts);
  plain.is_plain = true;
  traffic.Keep(request.name(), std::move(plain));
  return absl::OkStatus();
}

absl::Status HandleGetSocketName(Sandbox& sandbox, const bpfrig::v1::GetSocketNameRequest& request,
                                 bpfrig::v1::GetSocketNameResponse& response) {
  const absl::StatusOr<int> descriptor = sandbox.traffic().FindDescriptor(request.socket());
  if (!descriptor.ok()) return base::WithField(descriptor.status(), "socket");
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  const auto ask = request.of() == bpfrig::v1::SOCKET_SIDE_PEER ? ::getpeername : ::getsockname;
  if (ask(*descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    response.set_errno_name(common::ErrnoName(errno));
  } else {
    *response.mutable_name() = ToProto(Endpoint(name, size));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
