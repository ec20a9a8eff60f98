// CountRuns: how often each program has run, in all and since the last call of another kind began.
#include <algorithm>

#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {

absl::Status HandleCountRuns(Sandbox& sandbox, const bpfrig::v1::CountRunsRequest& /*request*/,
                             bpfrig::v1::CountRunsResponse& response) {
  if (!sandbox.runs_counted()) {
    return base::MakeError(base::Reason::kUnsupported,
                           "counting runs: this daemon may not (BPF_ENABLE_STATS; bpfrig doctor)");
  }
  for (const ProgramRecord& record : sandbox.objects().programs()) {
    BPFRIG_ASSIGN_OR_RETURN(const uint64_t runs, record.Runs());
    bpfrig::v1::ProgramRuns& program = *response.add_programs();
    program.set_program(record.FullName());
    program.set_total(runs);
    program.set_since_last_call(runs - std::min(runs, record.runs_before_call));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
