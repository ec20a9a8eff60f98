// RunProgram: BPF_PROG_TEST_RUN, kept out of the ledger's run counts. The kernel looks for a signal between
// two runs: so a call that is over ends its repetitions.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/call/interruption.h"
#include "daemon/worker/handlers/begin_within.h"
#include "daemon/worker/handlers/context_codec.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::RunProgramRequest;

uint64_t RunCount(const ProgramRecord& record) {
  const absl::StatusOr<kernel_bpf::ProgramInfo> info = record.program->Info();
  return info.ok() ? info->run_count : 0;
}

// As the .proto says.
constexpr size_t kMaxFurtherBytes = size_t{16} << 20;

// Runs with each of `further_data` until there are enough answers.
absl::Status RunFurther(const kernel_bpf::Program& program, const Interruption& interruption,
                        const RunProgramRequest& request, Clock::time_point last_begin,
                        bpfrig::v1::FurtherRuns& further) {
  size_t bytes = 0;
  for (int i = 0; i < request.further_data_size(); ++i) {
    if (bytes > kMaxFurtherBytes || Clock::now() >= last_begin || interruption.IsDue()) break;
    kernel_bpf::TestRunInput input;
    input.data = request.further_data(i);
    input.context = request.context();
    absl::StatusOr<kernel_bpf::TestRunOutput> output = program.TestRun(input);
    if (!output.ok()) return base::WithField(output.status(), absl::StrCat("further_data[", i, "]"));
    bytes += output->data.size() + output->context.size();
    further.add_return_values(output->return_value);
    further.add_duration_ns(output->duration_ns);
    further.add_data(std::move(output->data));
    if (!input.context.empty()) further.add_contexts(std::move(output->context));
  }
  return absl::OkStatus();
}

absl::Status Run(Sandbox& sandbox, Call& call, const RunProgramRequest& request,
                 bpfrig::v1::RunProgramResponse& response) {
  const absl::StatusOr<ProgramRecord*> record = sandbox.objects().FindProgram(request.program());
  if (!record.ok()) return base::WithField(record.status(), "program");
  std::optional<ContextCodec> context;
  std::string context_bytes = request.context();
  if (request.has_context_fields() || request.context_patterns_size() > 0) {
    BPFRIG_ASSIGN_OR_RETURN(context, ContextCodec::Open(sandbox, *(*record)->program));
    // Beside patterns, it may also be given as bytes.
    if (context_bytes.empty()) {
      BPFRIG_ASSIGN_OR_RETURN(context_bytes, context->Encode(sandbox, request));
    }
  }
  kernel_bpf::TestRunInput input;
  input.data = request.data();
  input.context = context_bytes;
  input.repeat = request.repeat();
  BPFRIG_ASSIGN_OR_RETURN(const Interruption interruption, Interruption::Arm(call.Socket()));
  // A signal that came before the system call is lost on it.
  if (interruption.IsDue()) return absl::CancelledError("the call was closed");
  // Nothing else happens in this sandbox meanwhile: the difference is the test run's own.
  const uint64_t before = RunCount(**record);
  const Clock::time_point last_begin = LastBegin(request.begin_within_ms());
  const kernel_bpf::Program& program = *(*record)->program;
  const absl::StatusOr<kernel_bpf::TestRunOutput> output = program.TestRun(input);
  absl::Status further;
  if (output.ok() && request.further_data_size() > 0) {
    further = RunFurther(program, interruption, request, last_begin, *response.mutable_further());
  }
  (*record)->test_runs += RunCount(**record) - before;
  if (!further.ok()) return further;
  if (!output.ok()) return context.has_value() ? context->Explain(output.status()) : output.status();
  response.set_return_value(output->return_value);
  response.set_data(output->data);
  response.set_context(output->context);
  response.set_duration_ns(output->duration_ns);
  if (!context.has_value()) return absl::OkStatus();
  return context->Decode(sandbox, request, output->context, response);
}

}  // namespace

void HandleRunProgram(Sandbox& sandbox, const CallPtr& call, const RunProgramRequest& request) {
  Call::Reply reply;
  const absl::Status status = Run(sandbox, *call, request, *reply.mutable_run_program());
  call->FinishWith(status, reply);
}

}  // namespace bpfrig::worker
