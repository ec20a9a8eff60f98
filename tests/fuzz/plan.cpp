// A plan file: read, or refused with at least one complaint.
#include <cstdlib>
#include <optional>
#include <string>

#include "client/plan/plan_reader.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace plan = bpfrig::client::plan;
  const std::string text(reinterpret_cast<const char*>(data), size);
  plan::ObjectFiles files({});
  plan::Problems problems;
  const std::optional<plan::Plan> read = plan::ReadPlanText(text, "/nowhere/plan.yaml", files, problems);
  if (read.has_value() != problems.Empty()) std::abort();
  for (const plan::Problem& problem : problems.Sorted()) {
    if (problem.message.empty() || problem.mark.line < 1 || problem.mark.column < 1) std::abort();
    (void)plan::ToString(problem);
  }
  return 0;
}
