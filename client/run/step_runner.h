// Does a test's steps on its sandbox: sends the ready request, and has verdict/ compare what comes back. Most
// steps are one call, done alike; those with a shape of their own have a handler in run_*_steps.cpp.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/daemon/rpc_error.h"
#include "client/plan/step.h"
#include "client/run/sandbox.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

// What a step came to.
struct StepOutcome {
  // The call itself failed; then there are no differences.
  std::optional<daemon::RpcError> error;
  // Empty: all that was expected came.
  verdict::Differences differences;
  // The same of `runs:`.
  verdict::Differences runs = {};
  // What else may tell why there are differences; empty if nothing is known.
  std::string clue = {};
  // The daemon did not say how often programs ran.
  std::optional<daemon::RpcError> count_error = std::nullopt;
  // What the step has to show in any case.
  std::string note = {};
};

// Whether programs are attached, or only loaded: a control run shows what a test proves about them.
enum class AttachMode { kAttach, kLoadOnly };

// Where logs of loads are written to; returns the file's path.
using WriteLog = std::function<std::string(const std::string& object, const std::string& log)>;

class StepRunner {
 public:
  // `sandbox` outlives it. Without `write_log`, logs are only taken if the plan asks for them.
  StepRunner(Sandbox& sandbox, AttachMode attach, WriteLog write_log)
      : sandbox_(sandbox), attach_(attach), write_log_(std::move(write_log)) {}

  [[nodiscard]] StepOutcome Run(const plan::Step& step);

  // How often programs ran so far, and in the last call.
  [[nodiscard]] std::optional<daemon::RpcError> CountRuns(bpfrig::v1::CountRunsResponse& counts);

 private:
  using Call = plan::Call;
  using Mark = plan::Mark;

  StepOutcome Do(const plan::Step& step);
  StepOutcome Do(const Call& call, const plan::PlainShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::LoadShape& shape, const Mark& mark);

  StepOutcome Do(const Call& call, const plan::SeedShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::DumpShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::EventsShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::SetShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::GlobalsShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::RunShape& shape, const Mark& mark);
  StepOutcome ReadEventsOnce(const Call& call, const plan::EventsShape& shape, const Mark& mark);

  StepOutcome Do(const Call& call, const plan::ConnectShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::SendShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::ReceiveShape& shape, const Mark& mark);
  StepOutcome Do(const Call& call, const plan::SocketOptionShape& shape, const Mark& mark);

  // Does it until it holds or the call's `within` is over.
  StepOutcome Within(const Call& call, const std::function<StepOutcome()>& once);
  // Sends `request`, a copy of the call's own, to the sandbox.
  std::optional<daemon::RpcError> Ask(const Call& call, google::protobuf::Message& request,
                                      google::protobuf::Message& answer);

  // What the daemon told of an object that it loaded.
  void NoteTypes(const std::string& object, const bpfrig::v1::LoadedObject& loaded);

  Sandbox& sandbox_;
  const AttachMode attach_;
  const WriteLog write_log_;
  // Types as libbpf calls them, by `object/name`.
  std::map<std::string, std::string> program_types_;
  std::map<std::string, std::string> map_types_;
};

// The type of what the plan names `name` or `object/name`; empty if it is not known, or if several differ.
[[nodiscard]] std::string FindType(const std::map<std::string, std::string>& types, const std::string& name);

// How long a call may take before the client gives it up: what the request allows, and the step's patience.
[[nodiscard]] std::chrono::milliseconds TimeoutOf(const plan::Call& call);
// An answer that does not have one encoded pattern for each that was sent could pass a test unseen.
[[nodiscard]] std::optional<daemon::RpcError> CheckPatterns(size_t sent, size_t answered);
// What is left until then; not negative.
[[nodiscard]] std::chrono::milliseconds Left(std::chrono::steady_clock::time_point deadline);
// Does it as often as the call says, or until it fails or differs; then a difference says which time it was.
[[nodiscard]] StepOutcome Repeat(const plan::Call& call, const std::function<StepOutcome()>& once);

}  // namespace bpfrig::client::run
