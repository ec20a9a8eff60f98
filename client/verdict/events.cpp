#include "client/verdict/events.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/verdict/explain.h"
#include "client/verdict/format.h"
#include "client/verdict/matching.h"

namespace bpfrig::client::verdict {
namespace {

constexpr size_t kMaxShown = 10;

// The encodings of the request's patterns, by their places.
std::vector<const bpfrig::v1::ResolvedValue*> Encodings(const Events& events) {
  std::vector<const bpfrig::v1::ResolvedValue*> encodings;
  for (const bpfrig::v1::ResolvedValue& pattern : events.patterns) encodings.push_back(&pattern);
  return encodings;
}

TypedValue Typed(const bpfrig::v1::Event& event) {
  return {event.has_value() ? &event.value() : nullptr, event.raw()};
}

class EventComparison {
 public:
  EventComparison(const plan::EventsShape& shape, const Events& events)
      : shape_(shape), events_(events), encodings_(Encodings(events)) {}

  // Which record each pattern of `contains` stands for.
  std::vector<std::optional<size_t>> MatchContained() const {
    const plan::PatternRange& range = shape_.contains->value;
    std::vector<std::vector<size_t>> candidates(range.count);
    for (size_t i = 0; i < range.count; ++i) {
      for (size_t event = 0; event < events_.events.size(); ++event) {
        if (Holds(PatternOf(range.first + i), Typed(events_.events[event]))) candidates[i].push_back(event);
      }
    }
    return MatchPatterns(candidates, events_.events.size());
  }

  // In order, one by one.
  void CompareInOrder(Differences& differences) const {
    const plan::PatternRange& range = shape_.exactly->value;
    for (size_t i = 0; i < range.count; ++i) {
      const plan::RecordExpectation& expected = shape_.records[range.first + i];
      if (i >= events_.events.size()) {
        differences.push_back({expected.source.node->mark, expected.source.name,
                               FormatPattern(expected.record), "no such record"});
        continue;
      }
      const TypedValue actual = Typed(events_.events[i]);
      if (Holds(PatternOf(range.first + i), actual)) continue;
      Differences fields =
          Explain(PatternOf(range.first + i), actual, expected.source.node, expected.source.name);
      std::move(fields.begin(), fields.end(), std::back_inserter(differences));
    }
    for (size_t i = range.count; i < events_.events.size(); ++i) {
      if (i - range.count == kMaxShown) {
        differences.push_back({shape_.exactly->mark, "exactly", "nothing else",
                               absl::StrCat(events_.events.size() - i, " more records")});
        break;
      }
      differences.push_back(
          {shape_.exactly->mark, "exactly", "nothing else", FormatEvent(events_.events[i])});
    }
  }

  void CompareContained(Differences& differences) const {
    const auto matched = MatchContained();
    for (size_t i = 0; i < matched.size(); ++i) {
      if (matched[i]) continue;
      const plan::RecordExpectation& expected = shape_.records[shape_.contains->value.first + i];
      differences.push_back(
          {expected.source.node->mark, expected.source.name, FormatPattern(expected.record), Seen()});
    }
  }

  void CompareCount(Differences& differences) const {
    bpfrig::v1::Value count;
    count.set_unsigned_integer(events_.events.size());
    for (Difference& difference : Explain(*shape_.count, count, "count")) {
      AppendFirst(difference.actual);
      differences.push_back(std::move(difference));
    }
  }

 private:
  TypedPattern PatternOf(size_t index) const {
    return {shape_.records[index].record, events_.patterns[index], encodings_};
  }

  // The first of what came, a line each.
  void AppendFirst(std::string& text) const {
    for (size_t i = 0; i < std::min(events_.events.size(), kMaxShown); ++i) {
      absl::StrAppend(&text, "\n", FormatEvent(events_.events[i]));
    }
  }

  // What came, for a message.
  std::string Seen() const {
    if (events_.events.empty()) return "no record at all";
    std::string text = absl::StrCat("none of ", events_.events.size(), ":");
    AppendFirst(text);
    if (events_.events.size() > kMaxShown) absl::StrAppend(&text, "\n...");
    return text;
  }

  const plan::EventsShape& shape_;
  const Events& events_;
  const std::vector<const bpfrig::v1::ResolvedValue*> encodings_;
};

}  // namespace

bool ContainsAll(const plan::EventsShape& shape, const Events& events) {
  if (!shape.contains) return true;
  const auto matched = EventComparison(shape, events).MatchContained();
  return std::all_of(matched.begin(), matched.end(), [](const auto& event) { return event.has_value(); });
}

Differences CompareEvents(const plan::Call& call, const plan::EventsShape& shape, const plan::Mark& mark,
                          const Events& events) {
  Differences differences;
  const EventComparison comparison(shape, events);
  if (shape.exactly) comparison.CompareInOrder(differences);
  if (shape.contains) comparison.CompareContained(differences);
  if (shape.count) comparison.CompareCount(differences);
  const auto& request = plan::As<bpfrig::v1::ReadEventsRequest>(*call.request);
  const bool expects = shape.exactly || shape.contains || shape.count;
  if (!expects && events.events.size() < request.at_least()) {
    differences.push_back(
        {mark, "at_least", absl::StrCat(request.at_least(), " records"),
         absl::StrCat(events.events.size(), " when the wait of ", request.wait_ms(), " ms was over")});
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
