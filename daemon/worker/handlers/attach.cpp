// Attach and Detach: links later than at load, or again.
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

absl::Status Attach(Sandbox& sandbox, const bpfrig::v1::AttachTarget& target,
                    bpfrig::v1::AttachResponse& response) {
  const absl::StatusOr<ProgramRecord*> program = sandbox.objects().FindProgram(target.program());
  if (!program.ok()) return base::WithField(program.status(), "program");
  BPFRIG_ASSIGN_OR_RETURN(*response.mutable_link(),
                          sandbox.links().Attach(**program, target, sandbox.objects()));
  return absl::OkStatus();
}

absl::Status Detach(Sandbox& sandbox, const std::string& link, bpfrig::v1::DetachResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const ProgramRecord* program, sandbox.links().Detach(link));
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::ProgramInfo info, program->program->Info());
  response.set_run_count(info.run_count - std::min(info.run_count, program->test_runs));
  return absl::OkStatus();
}

}  // namespace

void HandleAttach(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::AttachRequest& request) {
  Call::Reply reply;
  const absl::Status attached = Attach(sandbox, request.target(), *reply.mutable_attach());
  call->FinishWith(base::WithField(attached, "target"), reply);
}

void HandleDetach(Sandbox& sandbox, const CallPtr& call, const bpfrig::v1::DetachRequest& request) {
  Call::Reply reply;
  const absl::Status detached = Detach(sandbox, request.link(), *reply.mutable_detach());
  call->FinishWith(detached, reply);
}

}  // namespace bpfrig::worker
