// RunProgram: BPF_PROG_TEST_RUN, kept out of the ledger's run counts.
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::RunProgramRequest;

uint64_t RunCount(const ProgramRecord& record) {
  const absl::StatusOr<kernel_bpf::ProgramInfo> info = record.program->Info();
  return info.ok() ? info->run_count : 0;
}

}  // namespace

absl::Status HandleRunProgram(Sandbox& sandbox, const RunProgramRequest& request,
                              bpfrig::v1::RunProgramResponse& response) {
  const absl::StatusOr<ProgramRecord*> record = sandbox.objects().FindProgram(request.program());
  if (!record.ok()) return base::WithField(record.status(), "program");
  kernel_bpf::TestRunInput input;
  input.data = request.data();
  input.context = request.context();
  input.repeat = request.repeat();
  // Nothing else happens in this sandbox meanwhile: the difference is the test run's own.
  const uint64_t before = RunCount(**record);
  const absl::StatusOr<kernel_bpf::TestRunOutput> output = (*record)->program->TestRun(input);
  (*record)->test_runs += RunCount(**record) - before;
  if (!output.ok()) return output.status();
  response.set_return_value(output->return_value);
  response.set_data(output->data);
  response.set_context(output->context);
  response.set_duration_ns(output->duration_ns);
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
