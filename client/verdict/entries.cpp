#include "client/verdict/entries.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/verdict/cpu_sum.h"
#include "client/verdict/explain.h"
#include "client/verdict/format.h"
#include "client/verdict/matching.h"
#include "client/verdict/nearest.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::DumpedEntry;
using bpfrig::v1::ResolvedEntry;
using bpfrig::v1::ResolvedValue;

// Of one list; each is looked for among all that is there.
constexpr size_t kMaxMissingShown = 10;

class DumpComparison {
 public:
  DumpComparison(const plan::DumpShape& shape, const Dump& dump) : shape_(shape), dump_(dump) {
    for (const ResolvedEntry& pattern : dump_.patterns) {
      key_encodings_.push_back(&pattern.key());
      value_encodings_.push_back(&pattern.value());
    }
    for (size_t i = 0; i < dump_.entries.size(); ++i) by_key_.emplace(dump_.entries[i].raw_key(), i);
  }

  Differences Run(const plan::Mark& mark) {
    if (shape_.exactly) CompareList(*shape_.exactly, "exactly", true);
    if (shape_.contains) CompareList(*shape_.contains, "contains", false);
    if (shape_.absent) CompareAbsent(*shape_.absent);
    if (shape_.count) {
      bpfrig::v1::Value count;
      count.set_unsigned_integer(dump_.entries.size());
      for (Difference& difference : Explain(*shape_.count, count, "count")) {
        if (!dump_.entries.empty()) absl::StrAppend(&difference.actual, "\n", ListNearest(Some(AllByKey())));
        differences_.push_back(std::move(difference));
      }
    }
    const bool needs_all = shape_.exactly || shape_.absent || shape_.count;
    if (dump_.summary.truncated() && needs_all) {
      differences_.push_back({mark, "dump", "all entries",
                              "the map kept changing under the dump, which misses entries for that"});
    }
    return std::move(differences_);
  }

 private:
  // The order of a hash is another in each run.
  bool ComesBefore(size_t a, size_t b) const {
    const DumpedEntry& first = dump_.entries[a];
    const DumpedEntry& second = dump_.entries[b];
    // Numbers first: an enumeration may have names for some of its values.
    const bool is_number = first.key().has_unsigned_integer();
    if (is_number != second.key().has_unsigned_integer()) return is_number;
    return is_number ? first.key().unsigned_integer() < second.key().unsigned_integer()
                     : first.raw_key() < second.raw_key();
  }
  std::vector<size_t> ByKey(std::vector<size_t> entries) const {
    std::stable_sort(entries.begin(), entries.end(),
                     [this](size_t a, size_t b) { return ComesBefore(a, b); });
    return entries;
  }
  const std::vector<size_t>& AllByKey() {
    if (all_by_key_.size() != dump_.entries.size()) {
      all_by_key_.resize(dump_.entries.size());
      std::iota(all_by_key_.begin(), all_by_key_.end(), size_t{0});
      all_by_key_ = ByKey(std::move(all_by_key_));
    }
    return all_by_key_;
  }
  // Those entries, in that order.
  Shown Some(std::vector<size_t> entries) const {
    const size_t count = entries.size();
    return {count, "entries", [this, entries = std::move(entries)](size_t index) {
              return FormatEntry(dump_.entries[entries[index]]);
            }};
  }

  TypedPattern KeyOf(size_t pattern) const {
    return {shape_.entries[pattern].key, dump_.patterns[pattern].key(), key_encodings_};
  }
  TypedPattern ValueOf(size_t pattern) const {
    return {shape_.entries[pattern].value, dump_.patterns[pattern].value(), value_encodings_};
  }

  bool KeyMatches(size_t pattern, const DumpedEntry& entry) const {
    return Holds(KeyOf(pattern), TypedValue{entry.has_key() ? &entry.key() : nullptr, entry.raw_key()});
  }

  bool ValueMatches(size_t pattern, const DumpedEntry& entry) const {
    const TypedPattern value = ValueOf(pattern);
    if (entry.raw_cpu_values().empty()) {
      return Holds(value, TypedValue{entry.has_value() ? &entry.value() : nullptr, entry.raw_value()});
    }
    const plan::Cpus wanted = shape_.entries[pattern].cpus;
    if (wanted == plan::Cpus::kSum) return SumMatches(value.pattern, entry);
    const int cpus = entry.raw_cpu_values_size();
    for (int cpu = 0; cpu < cpus; ++cpu) {
      const bool matches = Holds(value, OfCpu(entry, cpu));
      if (matches == (wanted == plan::Cpus::kAny)) return matches;
    }
    return wanted == plan::Cpus::kAll;
  }

  static bool SumMatches(const plan::Pattern& pattern, const DumpedEntry& entry) {
    if (entry.cpu_values().empty()) return pattern.kind == plan::PatternKind::kAnything;
    const bpfrig::v1::Value sum = SumOfCpus(entry, pattern);
    return Holds(pattern, &sum, nullptr);
  }

  // In what the sum differs.
  static Differences ExplainSum(const plan::EntryExpectation& expected, const DumpedEntry& entry,
                                const std::string& name) {
    if (entry.cpu_values().empty()) {
      return {{expected.source.node->mark, name, FormatPattern(expected.value),
               "values without a type, which cannot be added up: name it with value_type"}};
    }
    Differences differences = Explain(expected.value, SumOfCpus(entry, expected.value), name);
    for (Difference& difference : differences) difference.field += " over all CPUs";
    return differences;
  }

  static TypedValue OfCpu(const DumpedEntry& entry, int cpu) {
    return {cpu < entry.cpu_values_size() ? &entry.cpu_values(cpu) : nullptr, entry.raw_cpu_values(cpu)};
  }

  bool EntryMatches(size_t pattern, const DumpedEntry& entry) const {
    return KeyMatches(pattern, entry) && ValueMatches(pattern, entry);
  }

  // The entries that the pattern may stand for. A key that is known whole is looked up, not searched for.
  std::vector<size_t> Candidates(size_t pattern) const {
    const ResolvedValue& key = dump_.patterns[pattern].key();
    std::vector<size_t> found;
    const bool whole = !key.bytes().empty() && key.mask() == std::string(key.bytes().size(), '\xff') &&
                       !HasMatcher(shape_.entries[pattern].key);
    if (whole) {
      const auto range = by_key_.equal_range(key.bytes());
      for (auto i = range.first; i != range.second; ++i) {
        if (ValueMatches(pattern, dump_.entries[i->second])) found.push_back(i->second);
      }
      return found;
    }
    for (size_t i = 0; i < dump_.entries.size(); ++i) {
      if (EntryMatches(pattern, dump_.entries[i])) found.push_back(i);
    }
    return found;
  }

  void CompareList(const plan::Marked<plan::PatternRange>& range, absl::string_view name, bool nothing_else) {
    std::vector<std::vector<size_t>> candidates;
    for (size_t i = 0; i < range.value.count; ++i) candidates.push_back(Candidates(range.value.first + i));
    const auto matched = MatchPatterns(candidates, dump_.entries.size());
    std::vector<bool> explained(dump_.entries.size(), false);
    for (const std::optional<size_t>& entry : matched) {
      if (entry) explained[*entry] = true;
    }
    std::vector<size_t> missing;
    size_t more = 0;
    for (size_t i = 0; i < matched.size(); ++i) {
      if (matched[i]) continue;
      if (missing.size() == kMaxMissingShown) {
        ++more;
        continue;
      }
      missing.push_back(range.value.first + i);
      AddMissing(missing.back(), absl::StrCat(name, "[", i, "]"), nothing_else, explained);
    }
    if (more > 0) {
      differences_.push_back(
          {range.mark, std::string(name), absl::StrCat(more, " more entries"), "no such entries"});
    }
    if (nothing_else) AddUnexpected(range.mark, missing, explained);
  }

  double DistanceOf(size_t pattern, const DumpedEntry& entry) const {
    const double key = Distance(KeyOf(pattern), {entry.has_key() ? &entry.key() : nullptr, entry.raw_key()});
    return key +
           Distance(ValueOf(pattern), {entry.has_value() ? &entry.value() : nullptr, entry.raw_value()});
  }

  // What is there for one that was not found.
  std::string DescribeOthers(size_t pattern) {
    if (dump_.entries.empty()) return "no such entry; the map is empty";
    const std::vector<size_t>& all = AllByKey();
    Shown shown = Some(all);
    shown.distance = [&](size_t index) { return DistanceOf(pattern, dump_.entries[all[index]]); };
    return absl::StrCat("no such entry; there ", shown.count == 1 ? "is" : "are",
                        shown.count == 1 ? "" : ", nearest first", ":\n", ListNearest(shown));
  }

  // A pattern without an entry. If one has its key, the fields that differ say more than the whole. With
  // `lists_others`, what else is there is listed behind.
  void AddMissing(size_t pattern, const std::string& name, bool lists_others, std::vector<bool>& explained) {
    const plan::EntryExpectation& expected = shape_.entries[pattern];
    const bool has_both = expected.key.kind != plan::PatternKind::kAnything &&
                          expected.value.kind != plan::PatternKind::kAnything;
    for (size_t i = 0; has_both && i < dump_.entries.size(); ++i) {
      const DumpedEntry& entry = dump_.entries[i];
      if (explained[i] || !KeyMatches(pattern, entry)) continue;
      explained[i] = true;
      return AddValueDifferences(pattern, entry, name);
    }
    differences_.push_back({expected.source.node->mark, name, FormatExpectedEntry(expected),
                            lists_others ? "no such entry" : DescribeOthers(pattern)});
  }

  void AddValueDifferences(size_t pattern, const DumpedEntry& entry, const std::string& name) {
    const plan::EntryExpectation& expected = shape_.entries[pattern];
    const plan::NodePtr value = plan::FindKey(*expected.source.node, "value");
    const auto add = [&](Differences found) {
      for (Difference& difference : found) {
        absl::StrAppend(&difference.field, " (key ", FormatPattern(expected.key), ")");
        differences_.push_back(std::move(difference));
      }
    };
    const auto compare = [&](const TypedValue& actual, const std::string& label) {
      add(Explain(ValueOf(pattern), actual, value, label));
    };
    if (entry.raw_cpu_values().empty()) {
      compare({entry.has_value() ? &entry.value() : nullptr, entry.raw_value()},
              absl::StrCat(name, ".value"));
      return;
    }
    if (expected.cpus == plan::Cpus::kSum) {
      return add(ExplainSum(expected, entry, absl::StrCat(name, ".value")));
    }
    for (int cpu = 0; cpu < entry.raw_cpu_values_size(); ++cpu) {
      if (Holds(ValueOf(pattern), OfCpu(entry, cpu))) continue;
      compare(OfCpu(entry, cpu), absl::StrCat(name, ".value on CPU ", cpu));
    }
  }

  // Those that nothing expects, nearest first to what is missing.
  void AddUnexpected(const plan::Mark& mark, const std::vector<size_t>& missing,
                     const std::vector<bool>& explained) {
    std::vector<size_t> unexpected;
    for (size_t i = 0; i < explained.size(); ++i) {
      if (!explained[i]) unexpected.push_back(i);
    }
    if (unexpected.empty()) return;
    unexpected = ByKey(std::move(unexpected));
    Shown shown = Some(unexpected);
    if (!missing.empty()) {
      shown.distance = [&](size_t index) {
        double least = std::numeric_limits<double>::max();
        for (const size_t pattern : missing)
          least = std::min(least, DistanceOf(pattern, dump_.entries[unexpected[index]]));
        return least;
      };
    }
    differences_.push_back({mark, "exactly", "nothing else", ListNearest(shown)});
  }

  void CompareAbsent(const plan::Marked<plan::PatternRange>& range) {
    for (size_t i = 0; i < range.value.count; ++i) {
      const size_t pattern = range.value.first + i;
      const std::vector<size_t> found = Candidates(pattern);
      if (found.empty()) continue;
      differences_.push_back({shape_.entries[pattern].source.node->mark, absl::StrCat("absent[", i, "]"),
                              "no such entry", ListNearest(Some(ByKey(found)))});
    }
  }

  const plan::DumpShape& shape_;
  const Dump& dump_;
  // The halves of the request's patterns, by their places.
  std::vector<const ResolvedValue*> key_encodings_;
  std::vector<const ResolvedValue*> value_encodings_;
  std::unordered_multimap<std::string, size_t> by_key_;
  // Filled when it is first asked for.
  std::vector<size_t> all_by_key_;
  Differences differences_;
};

}  // namespace

Differences CompareDump(const plan::DumpShape& shape, const plan::Mark& mark, const Dump& dump) {
  return DumpComparison(shape, dump).Run(mark);
}

}  // namespace bpfrig::client::verdict
