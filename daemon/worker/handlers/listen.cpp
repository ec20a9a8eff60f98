// Listen: starts a server.
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/ready_options.h"
#include "daemon/worker/traffic/endpoint.h"
#include "daemon/worker/traffic/open_socket.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ListenRequest;

Behaviour BehaviourOf(const bpfrig::v1::ServerBehaviour& behaviour) {
  switch (behaviour.kind_case()) {
    case bpfrig::v1::ServerBehaviour::kEcho:
      return {Behaviour::Kind::kEcho, ""};
    case bpfrig::v1::ServerBehaviour::kReply:
      return {Behaviour::Kind::kReply, behaviour.reply()};
    case bpfrig::v1::ServerBehaviour::kClose:
      return {Behaviour::Kind::kClose, ""};
    case bpfrig::v1::ServerBehaviour::kSink:
    case bpfrig::v1::ServerBehaviour::KIND_NOT_SET:
      break;
  }
  return {Behaviour::Kind::kSink, ""};
}

absl::StatusOr<SocketSetup> ReadSetup(const ListenRequest& request, Sandbox& sandbox) {
  SocketSetup setup;
  const absl::StatusOr<Endpoint> at = ParseEndpoint(request.at());
  if (!at.ok()) return base::WithField(at.status(), "at");
  setup.bind = *at;
  setup.kind = KindOf(request.transport(), at->family());
  if (request.v6_only() && at->family() != AF_INET6) {
    return base::WithField(base::MakeError(base::Reason::kInvalidField,
                                           "listening for IPv6 alone: the address is not one of IPv6"),
                           "v6_only");
  }
  if (request.v6_only()) setup.options.push_back(ReadyOption::Of(IPPROTO_IPV6, IPV6_V6ONLY, 1));
  if (request.reuseport()) setup.options.push_back(ReadyOption::Of(SOL_SOCKET, SO_REUSEPORT, 1));
  BPFRIG_ASSIGN_OR_RETURN(std::vector<ReadyOption> options, ResolveOptions(request.options(), sandbox));
  for (ReadyOption& option : options) setup.options.push_back(std::move(option));
  return setup;
}

}  // namespace

absl::Status HandleListen(Sandbox& sandbox, const ListenRequest& request,
                          bpfrig::v1::ListenResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(SocketSetup setup, ReadSetup(request, sandbox));
  BPFRIG_ASSIGN_OR_RETURN(const Endpoint listening,
                          sandbox.traffic().Listen(request.name(), std::move(setup),
                                                   BehaviourOf(request.behaviour()), request.v6_only()));
  *response.mutable_at() = ToProto(Normalised(listening));
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
