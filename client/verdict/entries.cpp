#include "client/verdict/entries.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/verdict/format.h"
#include "client/verdict/matching.h"
#include "client/verdict/pattern.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::DumpedEntry;
using bpfrig::v1::ResolvedEntry;
using bpfrig::v1::ResolvedValue;

constexpr size_t kMostUnexpectedShown = 10;

class DumpComparison {
 public:
  DumpComparison(const plan::DumpStep& step, const Dump& dump) : step_(step), dump_(dump) {
    for (size_t i = 0; i < dump_.entries.size(); ++i) by_key_.emplace(dump_.entries[i].raw_key(), i);
  }

  Differences Run(const plan::Mark& mark) {
    if (step_.exactly) CompareList(*step_.exactly, "exactly", true);
    if (step_.contains) CompareList(*step_.contains, "contains", false);
    if (step_.absent) CompareAbsent(*step_.absent);
    if (step_.count && step_.count->value != dump_.entries.size()) {
      differences_.push_back(
          {step_.count->mark, "count", absl::StrCat(step_.count->value), absl::StrCat(dump_.entries.size())});
    }
    const bool needs_all = step_.exactly || step_.absent || step_.count;
    if (dump_.summary.truncated() && needs_all) {
      differences_.push_back({mark, "dump", "all entries",
                              "the map kept changing under the dump, which misses entries for that"});
    }
    return std::move(differences_);
  }

 private:
  bool ValueMatches(size_t pattern, const DumpedEntry& entry) const {
    const ResolvedValue& value = dump_.patterns[pattern].value();
    if (entry.raw_cpu_values().empty()) return Matches(value, entry.raw_value());
    const auto matches = [&](const std::string& raw) { return Matches(value, raw); };
    const auto& cpus = entry.raw_cpu_values();
    return step_.any_cpu[pattern] ? std::any_of(cpus.begin(), cpus.end(), matches)
                                  : std::all_of(cpus.begin(), cpus.end(), matches);
  }

  bool EntryMatches(size_t pattern, const DumpedEntry& entry) const {
    return Matches(dump_.patterns[pattern].key(), entry.raw_key()) && ValueMatches(pattern, entry);
  }

  // The entries that the pattern may stand for. A key that is known whole is looked up, not searched for.
  std::vector<size_t> Candidates(size_t pattern) const {
    const ResolvedValue& key = dump_.patterns[pattern].key();
    std::vector<size_t> found;
    const bool whole = !key.bytes().empty() && key.mask() == std::string(key.bytes().size(), '\xff');
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
    for (size_t i = 0; i < matched.size(); ++i) {
      if (!matched[i]) AddMissing(range.value.first + i, absl::StrCat(name, "[", i, "]"), explained);
    }
    if (nothing_else) AddUnexpected(range.mark, explained);
  }

  // A pattern without an entry. Where one has its key, the fields that differ say more than the whole.
  void AddMissing(size_t pattern, const std::string& name, std::vector<bool>& explained) {
    const auto& written = step_.request.patterns(static_cast<int>(pattern));
    const plan::NodePtr& node = step_.pattern_nodes[pattern];
    if (written.has_key() && written.has_value()) {
      for (size_t i = 0; i < dump_.entries.size(); ++i) {
        const DumpedEntry& entry = dump_.entries[i];
        if (explained[i] || !Matches(dump_.patterns[pattern].key(), entry.raw_key())) continue;
        explained[i] = true;
        return AddValueDifferences(pattern, entry, name);
      }
    }
    differences_.push_back({node->mark, name, FormatPattern(written), "no such entry"});
  }

  void AddValueDifferences(size_t pattern, const DumpedEntry& entry, const std::string& name) {
    const auto& written = step_.request.patterns(static_cast<int>(pattern));
    const plan::NodePtr& node = step_.pattern_nodes[pattern];
    plan::NodePtr value = plan::FindKey(*node, "value");
    const ExpectedValue expected{written.value(), dump_.patterns[pattern].value(), value ? value : node};
    const auto compare = [&](const bpfrig::v1::Value* decoded, const std::string& raw,
                             const std::string& label) {
      for (Difference& difference : CompareFields(expected, decoded, raw, label)) {
        absl::StrAppend(&difference.field, " (key ", FormatValue(written.key()), ")");
        differences_.push_back(std::move(difference));
      }
    };
    if (entry.raw_cpu_values().empty()) {
      compare(entry.has_value() ? &entry.value() : nullptr, entry.raw_value(), absl::StrCat(name, ".value"));
      return;
    }
    for (int cpu = 0; cpu < entry.raw_cpu_values_size(); ++cpu) {
      const std::string& raw = entry.raw_cpu_values(cpu);
      if (Matches(expected.resolved, raw)) continue;
      compare(cpu < entry.cpu_values_size() ? &entry.cpu_values(cpu) : nullptr, raw,
              absl::StrCat(name, ".value on CPU ", cpu));
    }
  }

  void AddUnexpected(const plan::Mark& mark, const std::vector<bool>& explained) {
    size_t unexpected = 0;
    for (size_t i = 0; i < dump_.entries.size(); ++i) {
      if (explained[i]) continue;
      if (++unexpected > kMostUnexpectedShown) continue;
      differences_.push_back({mark, "exactly", "nothing else", FormatEntry(dump_.entries[i])});
    }
    if (unexpected <= kMostUnexpectedShown) return;
    differences_.push_back(
        {mark, "exactly", "nothing else", absl::StrCat(unexpected - kMostUnexpectedShown, " more entries")});
  }

  void CompareAbsent(const plan::Marked<plan::PatternRange>& range) {
    for (size_t i = 0; i < range.value.count; ++i) {
      const size_t pattern = range.value.first + i;
      for (const size_t entry : Candidates(pattern)) {
        differences_.push_back({step_.pattern_nodes[pattern]->mark, absl::StrCat("absent[", i, "]"),
                                "no such entry", FormatEntry(dump_.entries[entry])});
      }
    }
  }

  const plan::DumpStep& step_;
  const Dump& dump_;
  std::unordered_multimap<std::string, size_t> by_key_;
  Differences differences_;
};

}  // namespace

Differences CompareDump(const plan::DumpStep& step, const plan::Mark& mark, const Dump& dump) {
  return DumpComparison(step, dump).Run(mark);
}

}  // namespace bpfrig::client::verdict
