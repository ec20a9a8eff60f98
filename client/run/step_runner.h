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
#include <vector>

#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/daemon/rpc_error.h"
#include "client/plan/steps/step.h"
#include "client/run/load_watcher.h"
#include "client/run/sandbox.h"
#include "client/run/test_record.h"
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
  // What was answered, of a step that captures some of it, or counts it.
  std::optional<bpfrig::v1::Value> answer = std::nullopt;
  // Something was made that cannot be made again, or no other answer can come: `within` has to end.
  bool is_final = false;
  // The time of the step, or of the test, was over before it held.
  bool is_late = false;
};

// Whether the step did what it should.
[[nodiscard]] bool Holds(const plan::Step& step, const StepOutcome& outcome);

// Where logs of loads are written to; returns the file's path.
using WriteLog = std::function<std::string(const std::string& object, const std::string& log)>;

class StepRunner {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `inert`, as `object/program`, is loaded as a program that does nothing; empty: all do what they should.
  // Without `write_log` and `record`, logs are only taken if the plan asks for them. `record` is told what is
  // answered, and `loads` of what is loaded, if they are not null. `sandbox`, `record` and `loads` outlive
  // it.
  StepRunner(Sandbox& sandbox, std::string inert, TimePoint deadline, WriteLog write_log, TestRecord* record,
             LoadWatcher* loads)
      : sandbox_(sandbox),
        inert_(std::move(inert)),
        write_log_(std::move(write_log)),
        record_(record),
        loads_(loads),
        deadline_(deadline),
        step_deadline_(deadline) {}

  [[nodiscard]] StepOutcome Run(const plan::Step& step);
  // The steps to come have until then.
  void SetDeadline(TimePoint deadline) { deadline_ = deadline; }

  // How often programs ran so far, and in the last call.
  [[nodiscard]] std::optional<daemon::RpcError> CountRuns(bpfrig::v1::CountRunsResponse& counts);
  // The programs that program arrays hold now, as `object/program`: those run without being attached.
  [[nodiscard]] std::optional<daemon::RpcError> ReadProgramArrays(std::vector<std::string>& programs);

 private:
  using Call = plan::Call;
  using Mark = plan::Mark;

  // Once, without `within`.
  StepOutcome RunOnce(const plan::Step& step);
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

  // Sends `request`, made of the call's own, to the sandbox.
  std::optional<daemon::RpcError> Send(const Call& call, google::protobuf::Message& request,
                                       google::protobuf::Message& answer);
  // The same, and shows the answer to `record_`.
  std::optional<daemon::RpcError> Ask(const Call& call, google::protobuf::Message& request,
                                      google::protobuf::Message& answer);
  // An outcome with its answer, if the step needs it.
  StepOutcome Answered(verdict::Differences differences, const google::protobuf::Message& answer) const;
  // Does it as often as the call says, or until it fails or differs; then a difference says which time it
  // was. If all runs held, their shares are compared.
  StepOutcome Repeat(const Call& call, const std::function<StepOutcome()>& once);

  // The type of the program that the call runs; empty if it runs none.
  [[nodiscard]] std::string ProgramTypeOf(const Call& call) const;

  // How long a call may take before the client gives it up: what the request allows and the step's patience,
  // but no longer than the step or the test has.
  [[nodiscard]] std::chrono::milliseconds TimeoutOf(const Call& call,
                                                    const google::protobuf::Message& request) const;
  [[nodiscard]] bool IsLate() const;

  // What the daemon told of an object that it loaded.
  void NoteTypes(const std::string& object, const bpfrig::v1::LoadedObject& loaded);

  Sandbox& sandbox_;
  const std::string inert_;
  const WriteLog write_log_;
  TestRecord* const record_;
  LoadWatcher* const loads_;
  // The test's, and the earlier one of that and the step's.
  TimePoint deadline_;
  TimePoint step_deadline_;
  // Whether what was answered is still needed when it was compared.
  bool keeps_answers_ = false;
  // Of what was loaded, types as libbpf calls them, by `object/name`.
  std::map<std::string, std::string> program_types_;
  std::map<std::string, std::string> map_types_;
};

// The type of what the plan names `name` or `object/name`; empty if it is not known, or if several differ.
[[nodiscard]] std::string FindType(const std::map<std::string, std::string>& types, const std::string& name);

// An answer that does not have one encoded pattern for each that was sent could pass a test unseen.
[[nodiscard]] std::optional<daemon::RpcError> CheckPatterns(size_t sent, size_t answered);
// What is left until then; not negative.
[[nodiscard]] std::chrono::milliseconds Left(std::chrono::steady_clock::time_point deadline);

}  // namespace bpfrig::client::run
