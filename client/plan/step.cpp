#include "client/plan/step.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::plan {
namespace {

constexpr absl::string_view kPatterns = "patterns[";

// The nodes of the patterns that the step sends, or null.
const std::vector<NodePtr>* PatternNodes(const StepCall& call) {
  if (const auto* dump = std::get_if<DumpStep>(&call)) return &dump->pattern_nodes;
  if (const auto* events = std::get_if<EventsStep>(&call)) return &events->pattern_nodes;
  return nullptr;
}

}  // namespace

Mark MarkOfField(const Step& step, absl::string_view path) {
  if (path.empty()) return step.mark;
  const std::vector<NodePtr>* patterns = PatternNodes(step.call);
  if (patterns != nullptr && path.substr(0, kPatterns.size()) == kPatterns) {
    const absl::string_view rest = path.substr(kPatterns.size());
    const size_t end = rest.find(']');
    size_t index = 0;
    if (end != absl::string_view::npos && absl::SimpleAtoi(rest.substr(0, end), &index) &&
        index < patterns->size()) {
      return WalkPath((*patterns)[index], rest.substr(end + 1))->mark;
    }
  }
  return WalkPath(step.node, path)->mark;
}

}  // namespace bpfrig::client::plan
