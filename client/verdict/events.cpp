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
#include "client/verdict/nearest.h"

namespace bpfrig::client::verdict {
namespace {

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
    std::vector<std::vector<size_t>> candidates;
    for (size_t i = 0; i < range.count; ++i) candidates.push_back(Matching(range.first + i));
    return MatchPatterns(candidates, events_.events.size());
  }

  // How many of `in_order` are there, each after the one before it; `next` is the record after the last.
  size_t CountOrdered(size_t& next) const {
    const plan::PatternRange& range = shape_.in_order->value;
    next = 0;
    for (size_t i = 0; i < range.count; ++i) {
      size_t found = next;
      while (found < events_.events.size() && !HoldsAt(range.first + i, found)) ++found;
      if (found == events_.events.size()) return i;
      next = found + 1;
    }
    return range.count;
  }

  // In order, one by one.
  void CompareExactly(Differences& differences) const {
    const plan::PatternRange& range = shape_.exactly->value;
    const size_t count = events_.events.size();
    for (size_t i = 0; i < range.count; ++i) {
      const plan::RecordExpectation& expected = shape_.records[range.first + i];
      if (i >= count) {
        differences.push_back(
            {expected.source.node->mark, expected.source.name, FormatPattern(expected.record),
             absl::StrCat("no such record: ", count == 0 ? "none" : absl::StrCat(count), " came")});
        continue;
      }
      if (HoldsAt(range.first + i, i)) continue;
      Differences fields = Explain(PatternOf(range.first + i), Typed(events_.events[i]), expected.source.node,
                                   expected.source.name);
      std::move(fields.begin(), fields.end(), std::back_inserter(differences));
    }
    if (count <= range.count) return;
    differences.push_back({shape_.exactly->mark, "exactly", "nothing else",
                           ListNearest({count - range.count, "records", [&](size_t index) {
                                          return FormatEvent(events_.events[range.count + index]);
                                        }})});
  }

  void CompareContained(Differences& differences) const {
    const auto matched = MatchContained();
    for (size_t i = 0; i < matched.size(); ++i) {
      if (matched[i]) continue;
      const size_t pattern = shape_.contains->value.first + i;
      const plan::RecordExpectation& expected = shape_.records[pattern];
      differences.push_back({expected.source.node->mark, expected.source.name, FormatPattern(expected.record),
                             Seen(pattern, 0)});
    }
  }

  // The first that is not where it should be; what comes after it cannot be told.
  void CompareOrder(Differences& differences) const {
    size_t next = 0;
    const size_t ordered = CountOrdered(next);
    if (ordered == shape_.in_order->value.count) return;
    const size_t pattern = shape_.in_order->value.first + ordered;
    const plan::RecordExpectation& expected = shape_.records[pattern];
    const std::vector<size_t> elsewhere = Matching(pattern);
    differences.push_back({expected.source.node->mark, expected.source.name, FormatPattern(expected.record),
                           elsewhere.empty()
                               ? Seen(pattern, next)
                               : absl::StrCat("record ", elsewhere.back(), ", but in_order[", ordered - 1,
                                              "] is record ", next - 1, "; the first is record 0")});
  }

  void CompareAbsent(Differences& differences) const {
    const plan::PatternRange& range = shape_.absent->value;
    for (size_t i = 0; i < range.count; ++i) {
      const std::vector<size_t> found = Matching(range.first + i);
      if (found.empty()) continue;
      const plan::PatternSource& source = shape_.records[range.first + i].source;
      differences.push_back({source.node->mark, source.name, "no such record",
                             ListNearest({found.size(), "records", [&](size_t index) {
                                            return FormatEvent(events_.events[found[index]]);
                                          }})});
    }
  }

  void CompareCount(Differences& differences) const {
    bpfrig::v1::Value count;
    count.set_unsigned_integer(events_.events.size());
    for (Difference& difference : Explain(*shape_.count, count, "count")) {
      if (!events_.events.empty()) absl::StrAppend(&difference.actual, "\n", ListNearest(From(0)));
      differences.push_back(std::move(difference));
    }
  }

  // Records that nobody saw are a failure, unless the plan says that they may be.
  void CompareLost(const plan::Mark& mark, Differences& differences) const {
    bpfrig::v1::Value lost;
    lost.set_unsigned_integer(events_.lost);
    if (shape_.lost) {
      Differences found = Explain(*shape_.lost, lost, "lost");
      std::move(found.begin(), found.end(), std::back_inserter(differences));
    } else if (events_.lost > 0) {
      differences.push_back({mark, "lost", "no record",
                             absl::StrCat(events_.lost,
                                          ": the program wrote more at once than the buffer of its CPU "
                                          "holds; `lost:` can allow that")});
    }
  }

 private:
  TypedPattern PatternOf(size_t index) const {
    return {shape_.records[index].record, events_.patterns[index], encodings_};
  }
  bool HoldsAt(size_t pattern, size_t event) const {
    return Holds(PatternOf(pattern), Typed(events_.events[event]));
  }
  std::vector<size_t> Matching(size_t pattern) const {
    std::vector<size_t> found;
    for (size_t event = 0; event < events_.events.size(); ++event) {
      if (HoldsAt(pattern, event)) found.push_back(event);
    }
    return found;
  }

  // All records from that one on.
  Shown From(size_t first) const {
    return {events_.events.size() - first, "records",
            [this, first](size_t index) { return FormatEvent(events_.events[first + index]); }};
  }

  // What came from that record on, in place of one that did not.
  std::string Seen(size_t pattern, size_t first) const {
    Shown shown = From(first);
    if (shown.count == 0) return first == 0 ? "no record at all" : "no record after that one";
    shown.distance = [&, first](size_t index) {
      return Distance(PatternOf(pattern), Typed(events_.events[first + index]));
    };
    return absl::StrCat("none of ", shown.count, first == 0 ? "" : " after that one",
                        shown.count == 1 ? "" : ", nearest first", ":\n", ListNearest(shown));
  }

  const plan::EventsShape& shape_;
  const Events& events_;
  const std::vector<const bpfrig::v1::ResolvedValue*> encodings_;
};

}  // namespace

bool HasAll(const plan::EventsShape& shape, const Events& events) {
  const EventComparison comparison(shape, events);
  size_t next = 0;
  if (shape.in_order && comparison.CountOrdered(next) < shape.in_order->value.count) return false;
  if (!shape.contains) return true;
  const auto matched = comparison.MatchContained();
  return std::all_of(matched.begin(), matched.end(), [](const auto& event) { return event.has_value(); });
}

Differences CompareEvents(const plan::Call& call, const plan::EventsShape& shape, const plan::Mark& mark,
                          const Events& events) {
  Differences differences;
  const EventComparison comparison(shape, events);
  if (shape.exactly) comparison.CompareExactly(differences);
  if (shape.contains) comparison.CompareContained(differences);
  if (shape.in_order) comparison.CompareOrder(differences);
  if (shape.absent) comparison.CompareAbsent(differences);
  if (shape.count) comparison.CompareCount(differences);
  comparison.CompareLost(mark, differences);
  const auto& request = plan::As<bpfrig::v1::ReadEventsRequest>(*call.request);
  const bool expects = shape.exactly || shape.contains || shape.in_order || shape.count;
  if (!expects && events.events.size() < request.at_least()) {
    differences.push_back(
        {mark, "at_least", absl::StrCat(request.at_least(), " records"),
         absl::StrCat(events.events.size(), " when the wait of ", request.wait_ms(), " ms was over")});
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
