#include "client/run/step_runner.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::run {

StepOutcome StepRunner::Run(const plan::Step& step) {
  return std::visit([&](const auto& call) { return Do(call, step.mark); }, step.call);
}

std::chrono::milliseconds CallTimeout(uint32_t allowed_ms) {
  return std::chrono::milliseconds(allowed_ms == 0 ? kDefaultTimeoutMs : allowed_ms) +
         std::chrono::seconds(10);
}

void NoteRepetition(uint32_t index, uint32_t count, verdict::Differences& differences) {
  if (count <= 1) return;
  for (verdict::Difference& difference : differences) {
    absl::StrAppend(&difference.field, " (time ", index + 1, " of ", count, ")");
  }
}

}  // namespace bpfrig::client::run
