// Connect: dials once, or as often as the request says.
#include <utility>

#include "daemon/base/status.h"
#include "daemon/worker/handlers/connecting.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/ready_options.h"
#include "daemon/worker/handlers/repeated_dials.h"
#include "daemon/worker/traffic/dial.h"
#include "daemon/worker/traffic/waits.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;

absl::Status StartConnecting(Sandbox& sandbox, const CallPtr& call, const ConnectRequest& request) {
  const Clock::time_point started = Clock::now();
  BPFRIG_ASSIGN_OR_RETURN(DialPlan plan, ParseDialPlan(request));
  BPFRIG_ASSIGN_OR_RETURN(plan.setup.options, ResolveOptions(request.options(), sandbox));
  BPFRIG_RETURN_IF_ERROR(
      base::WithField(CheckCondition(request.receive(), sandbox.traffic().receive_limit()), "receive"));
  const auto answer = [call](ConnectResponse& response) {
    Call::Reply reply;
    reply.mutable_connect()->Swap(&response);
    call->FinishWith(absl::OkStatus(), reply);
  };
  if (request.times() > 0) {
    std::make_shared<RepeatedDials>(sandbox, call, request, std::move(plan), answer)->Start();
    return absl::OkStatus();
  }
  if (!request.name().empty()) BPFRIG_RETURN_IF_ERROR(sandbox.traffic().ReserveName(request.name()));
  const auto connecting = std::make_shared<Connecting>(sandbox, call, request, started, answer);
  connecting->Start(plan.setup.kind, plan.to, DialNow(plan, sandbox.traffic().inspector()));
  return absl::OkStatus();
}

}  // namespace

void HandleConnect(Sandbox& sandbox, const CallPtr& call, const ConnectRequest& request) {
  const absl::Status started = StartConnecting(sandbox, call, request);
  if (!started.ok()) call->Finish(started);
}

}  // namespace bpfrig::worker
