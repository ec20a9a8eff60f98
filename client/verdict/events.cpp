#include "client/verdict/events.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/verdict/format.h"
#include "client/verdict/matching.h"
#include "client/verdict/pattern.h"

namespace bpfrig::client::verdict {
namespace {

constexpr size_t kMostShown = 10;

std::vector<std::optional<size_t>> MatchContained(const plan::PatternRange& range, const Events& events) {
  std::vector<std::vector<size_t>> candidates(range.count);
  for (size_t i = 0; i < range.count; ++i) {
    for (size_t event = 0; event < events.events.size(); ++event) {
      if (Matches(events.patterns[range.first + i], events.events[event].raw()))
        candidates[i].push_back(event);
    }
  }
  return MatchPatterns(candidates, events.events.size());
}

// In order, one by one.
void CompareInOrder(const plan::EventsStep& step, const Events& events, Differences& differences) {
  const plan::PatternRange& range = step.exactly->value;
  for (size_t i = 0; i < range.count; ++i) {
    const size_t pattern = range.first + i;
    const plan::NodePtr& node = step.pattern_nodes[pattern];
    const bpfrig::v1::Value& written = step.request.patterns(static_cast<int>(pattern));
    const std::string name = absl::StrCat("exactly[", i, "]");
    if (i >= events.events.size()) {
      differences.push_back({node->mark, name, FormatValue(written), "no such record"});
      continue;
    }
    const bpfrig::v1::Event& event = events.events[i];
    if (Matches(events.patterns[pattern], event.raw())) continue;
    const Differences fields = CompareFields({written, events.patterns[pattern], node},
                                             event.has_value() ? &event.value() : nullptr, event.raw(), name);
    differences.insert(differences.end(), fields.begin(), fields.end());
  }
  for (size_t i = range.count; i < events.events.size(); ++i) {
    if (i - range.count == kMostShown) {
      differences.push_back({step.exactly->mark, "exactly", "nothing else",
                             absl::StrCat(events.events.size() - i, " more records")});
      break;
    }
    differences.push_back({step.exactly->mark, "exactly", "nothing else", FormatEvent(events.events[i])});
  }
}

// What came, for a message.
std::string Seen(const Events& events) {
  if (events.events.empty()) return "no record at all";
  std::string text = absl::StrCat("none of ", events.events.size(), ":");
  for (size_t i = 0; i < std::min(events.events.size(), kMostShown); ++i) {
    absl::StrAppend(&text, "\n", FormatEvent(events.events[i]));
  }
  if (events.events.size() > kMostShown) absl::StrAppend(&text, "\n...");
  return text;
}

}  // namespace

bool ContainsAll(const plan::EventsStep& step, const Events& events) {
  if (!step.contains) return true;
  const auto matched = MatchContained(step.contains->value, events);
  return std::all_of(matched.begin(), matched.end(), [](const auto& event) { return event.has_value(); });
}

Differences CompareEvents(const plan::EventsStep& step, const plan::Mark& mark, const Events& events) {
  Differences differences;
  if (step.exactly) CompareInOrder(step, events, differences);
  if (step.contains) {
    const plan::PatternRange& range = step.contains->value;
    const auto matched = MatchContained(range, events);
    for (size_t i = 0; i < matched.size(); ++i) {
      if (matched[i]) continue;
      const size_t pattern = range.first + i;
      differences.push_back({step.pattern_nodes[pattern]->mark, absl::StrCat("contains[", i, "]"),
                             FormatValue(step.request.patterns(static_cast<int>(pattern))), Seen(events)});
    }
  }
  if (step.count && step.count->value != events.events.size()) {
    std::string actual = absl::StrCat(events.events.size());
    for (size_t i = 0; i < std::min(events.events.size(), kMostShown); ++i) {
      absl::StrAppend(&actual, "\n", FormatEvent(events.events[i]));
    }
    differences.push_back({step.count->mark, "count", absl::StrCat(step.count->value), actual});
  }
  const bool expects = step.exactly || step.contains || step.count;
  if (!expects && events.events.size() < step.request.at_least()) {
    differences.push_back(
        {mark, "at_least", absl::StrCat(step.request.at_least(), " records"),
         absl::StrCat(events.events.size(), " when the wait of ", step.request.wait_ms(), " ms was over")});
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
