// Does a test's steps on its sandbox, one handler a call: sends the ready request, and has verdict/ compare
// what comes back. The handlers are in run_*_steps.cpp, in the same files as their readers in plan/.
#pragma once

#include <optional>

#include "client/plan/step.h"
#include "client/daemon/rpc_error.h"
#include "client/run/sandbox.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

// What a step came to.
struct StepOutcome {
  // The call itself failed; then there are no differences.
  std::optional<daemon::RpcError> error;
  // Empty: all that was expected came.
  verdict::Differences differences;
};

// Whether programs are attached, or only loaded: a control run shows what a test proves about them.
enum class AttachMode { kAttach, kLoadOnly };

class StepRunner {
 public:
  // `sandbox` outlives it.
  StepRunner(Sandbox& sandbox, AttachMode attach) : sandbox_(sandbox), attach_(attach) {}

  [[nodiscard]] StepOutcome Run(const plan::Step& step);

 private:
  using Mark = plan::Mark;

  StepOutcome Do(const plan::LoadStep& step, const Mark& mark);
  StepOutcome Do(const plan::AttachStep& step, const Mark& mark);
  StepOutcome Do(const plan::DetachStep& step, const Mark& mark);
  StepOutcome Do(const plan::RunStep& step, const Mark& mark);

  StepOutcome Do(const plan::SeedStep& step, const Mark& mark);
  StepOutcome Do(const plan::DumpStep& step, const Mark& mark);
  StepOutcome Do(const plan::EventsStep& step, const Mark& mark);
  StepOutcome ReadEventsOnce(const plan::EventsStep& step, const Mark& mark);

  StepOutcome Do(const plan::ListenStep& step, const Mark& mark);
  StepOutcome Do(const plan::ConnectStep& step, const Mark& mark);
  StepOutcome Do(const plan::SendStep& step, const Mark& mark);
  StepOutcome Do(const plan::ReceiveStep& step, const Mark& mark);
  StepOutcome Do(const plan::DisconnectStep& step, const Mark& mark);

  Sandbox& sandbox_;
  const AttachMode attach_;
};

// Helpers of the handlers.

// How long a call may take before the client gives it up: what the request allows, and ten seconds.
[[nodiscard]] std::chrono::milliseconds CallTimeout(uint32_t allowed_ms);
// The default of a request's `timeout_ms`.
inline constexpr uint32_t kDefaultTimeoutMs = 2000;
// For calls that wait for nothing.
inline constexpr std::chrono::milliseconds kPlainCallTimeout = std::chrono::seconds(30);
// Loading, seeding, dumping, test runs: as long as a verifier or a million entries may take.
inline constexpr std::chrono::milliseconds kLongCallTimeout = std::chrono::seconds(60);
// Says which of several repetitions it was.
void NoteRepetition(uint32_t index, uint32_t count, verdict::Differences& differences);

}  // namespace bpfrig::client::run
