// The handlers of load, attach, detach and run.
#include "client/run/step_runner.h"
#include "client/verdict/programs.h"

namespace bpfrig::client::run {

StepOutcome StepRunner::Do(const plan::LoadStep& step, const Mark& mark) {
  bpfrig::v1::LoadProgramRequest request = step.request;
  request.set_object(*step.object);
  if (attach_ == AttachMode::kLoadOnly) request.clear_attach();
  bpfrig::v1::LoadProgramResponse response;
  if (auto error =
          sandbox_.Call(&daemon::DaemonClient::Stub::LoadProgram, std::move(request), response, kLongCallTimeout)) {
    return {std::move(error), {}};
  }
  return {std::nullopt, verdict::CompareLoad(step, mark, response)};
}

StepOutcome StepRunner::Do(const plan::AttachStep& step, const Mark&) {
  if (attach_ == AttachMode::kLoadOnly) return {};
  bpfrig::v1::AttachResponse response;
  return {sandbox_.Call(&daemon::DaemonClient::Stub::Attach, step.request, response, kPlainCallTimeout), {}};
}

StepOutcome StepRunner::Do(const plan::DetachStep& step, const Mark&) {
  if (attach_ == AttachMode::kLoadOnly) return {};
  bpfrig::v1::DetachResponse response;
  return {sandbox_.Call(&daemon::DaemonClient::Stub::Detach, step.request, response, kPlainCallTimeout), {}};
}

StepOutcome StepRunner::Do(const plan::RunStep& step, const Mark&) {
  bpfrig::v1::RunProgramResponse response;
  if (auto error = sandbox_.Call(&daemon::DaemonClient::Stub::RunProgram, step.request, response, kLongCallTimeout)) {
    return {std::move(error), {}};
  }
  return {std::nullopt, verdict::CompareRun(step, response)};
}

}  // namespace bpfrig::client::run
