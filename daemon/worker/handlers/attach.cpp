// Attach and Detach: links later than at load, or again.
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {

absl::Status HandleAttach(Sandbox& sandbox, const bpfrig::v1::AttachRequest& request,
                          bpfrig::v1::AttachResponse& response) {
  const bpfrig::v1::AttachTarget& target = request.target();
  const absl::StatusOr<ProgramRecord*> program = sandbox.objects().FindProgram(target.program());
  if (!program.ok()) return base::WithField(program.status(), "target.program");
  absl::StatusOr<bpfrig::v1::Link> link =
      sandbox.links().Attach(**program, target, sandbox.objects(), sandbox.traffic());
  if (!link.ok()) return base::WithField(link.status(), "target");
  *response.mutable_link() = *std::move(link);
  return absl::OkStatus();
}

absl::Status HandleDetach(Sandbox& sandbox, const bpfrig::v1::DetachRequest& request,
                          bpfrig::v1::DetachResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const ProgramRecord* program, sandbox.links().Detach(request.link()));
  BPFRIG_ASSIGN_OR_RETURN(const uint64_t runs, program->Runs());
  response.set_run_count(runs);
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
