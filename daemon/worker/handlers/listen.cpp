// Listen: starts a TCP server.
#include <utility>

#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {
namespace {

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

}  // namespace

absl::Status HandleListen(Sandbox& sandbox, const bpfrig::v1::ListenRequest& request,
                          bpfrig::v1::ListenResponse& response) {
  const absl::StatusOr<Endpoint> at = ParseEndpoint(request.at());
  if (!at.ok()) return base::WithField(at.status(), "at");
  BPFRIG_ASSIGN_OR_RETURN(const Endpoint listening,
                          sandbox.traffic().Listen(request.name(), *at, BehaviourOf(request.behaviour())));
  *response.mutable_at() = ToProto(listening);
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
