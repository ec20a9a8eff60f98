#include "client/verdict/shares.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/verdict/format.h"
#include "client/verdict/matcher.h"
#include "client/verdict/test_run.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;

// Of values that nobody named.
constexpr size_t kMaxOthers = 5;

// "199 of 200 (99.5 %)".
std::string DescribeShare(uint64_t count, uint64_t runs) {
  const uint64_t thousandths = (2000 * count + runs) / (2 * runs);
  return absl::StrCat(count, " of ", runs, " (", thousandths / 10, ".", thousandths % 10, " %)");
}

// What a program returned has a name.
std::string DescribeValue(const std::string& field, const Value& value, const std::string& program_type) {
  if (field != "return") return FormatActual(value);
  return DescribeReturn(static_cast<uint32_t>(value.unsigned_integer()), program_type);
}

}  // namespace

void ShareTally::Add(const Value& answer) {
  ++runs_;
  for (size_t i = 0; i < counts_.size(); ++i) {
    const Value* value = FindMember(&answer, call_.shares[i].field);
    if (value == nullptr) continue;
    Count& count = counts_[i][value->SerializeAsString()];
    count.value = *value;
    ++count.runs;
  }
}

std::string ShareTally::DescribeOthers(const plan::SharesExpectation& expectation, const Counts& counts,
                                       const std::string& program_type) const {
  std::vector<const Count*> others;
  for (const auto& [bytes, count] : counts) {
    const bool is_named = std::any_of(
        expectation.shares.begin(), expectation.shares.end(),
        [&, &came = count.value](const plan::Share& share) { return Holds(share.value, &came, nullptr); });
    if (!is_named) others.push_back(&count);
  }
  std::stable_sort(others.begin(), others.end(),
                   [](const Count* a, const Count* b) { return a->runs > b->runs; });
  std::vector<std::string> described;
  for (const Count* other : others) {
    if (described.size() == kMaxOthers) {
      described.push_back(absl::StrCat("and ", others.size() - kMaxOthers, " more"));
      break;
    }
    described.push_back(absl::StrCat(DescribeValue(expectation.field, other->value, program_type), ": ",
                                     DescribeShare(other->runs, runs_)));
  }
  return absl::StrJoin(described, ", ");
}

Differences ShareTally::Compare(const std::string& program_type) const {
  Differences differences;
  for (size_t i = 0; i < counts_.size(); ++i) {
    const plan::SharesExpectation& expectation = call_.shares[i];
    const std::string field = absl::StrCat("shares.", expectation.field);
    std::vector<std::string> named;
    for (const plan::Share& share : expectation.shares) {
      const auto found = counts_[i].find(share.value.value.SerializeAsString());
      Value came;
      came.set_unsigned_integer(found == counts_[i].end() ? 0 : found->second.runs);
      named.push_back(share.value.node->text);
      if (Holds(share.count, &came, nullptr)) continue;
      differences.push_back({share.value.node->mark, absl::StrCat(field, ".", named.back()), share.written,
                             DescribeShare(came.unsigned_integer(), runs_)});
    }
    std::string others = DescribeOthers(expectation, counts_[i], program_type);
    if (others.empty()) continue;
    differences.push_back({expectation.mark, field, absl::StrCat("nothing but ", absl::StrJoin(named, ", ")),
                           std::move(others)});
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
