#include "client/plan/steps/read_shares.h"

#include <google/protobuf/util/message_differencer.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/fields/read_pattern.h"
#include "client/plan/yaml/scalars.h"
#include "common/near_names.h"
#include "common/number.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

using google::protobuf::FieldDescriptor;

// All runs, in thousandths of a percent.
constexpr uint64_t kAllRuns = 100'000;

// "40%", "33.3%": in thousandths of a percent. Nothing if it is not a percentage.
std::optional<uint64_t> ParsePercentage(const std::string& text) {
  static const auto* form = new RE2(R"((\d{1,3})(?:\.(\d{1,3}))?%)");
  uint64_t whole = 0;
  std::string decimals;
  if (!RE2::FullMatch(text, *form, &whole, &decimals)) return std::nullopt;
  decimals.resize(3, '0');
  uint64_t thousandths = 0;
  if (!absl::SimpleAtoi(decimals, &thousandths)) return std::nullopt;
  return whole * 1000 + thousandths;
}

// The node as the plan has it: "!between [40%, 60%]".
std::string Written(const Node& node) {
  std::vector<std::string> items;
  for (const NodePtr& item : node.items) items.push_back(Written(*item));
  return absl::StrCat(node.tag, node.tag.empty() ? "" : " ",
                      node.IsSequence() ? absl::StrCat("[", absl::StrJoin(items, ", "), "]") : node.text);
}

// The most runs that a share allows, as far as it says.
uint64_t MostNumber(const Pattern& count, uint64_t runs) {
  switch (count.kind) {
    case PatternKind::kEqual:
      return count.value.unsigned_integer();
    case PatternKind::kAtMost:
    case PatternKind::kBetween:
      return count.parts.back().value.unsigned_integer();
    default:
      return runs;
  }
}

// Reads of how many runs one value must be.
class CountReader {
 public:
  CountReader(absl::string_view value, uint64_t runs, Problems& problems)
      : value_(value), runs_(runs), problems_(problems) {}

  Pattern Read(const NodePtr& node) {
    const size_t problems_before = problems_.Count();
    const NodePtr in_runs = InRuns(node, Rounding::kNone);
    if (problems_.Count() != problems_before) return Pattern();
    Pattern count = ReadCountPattern(in_runs, absl::StrCat("the share of ", value_), 0, problems_);
    if (problems_.Count() == problems_before && count.kind == PatternKind::kBetween &&
        LeastNumber(count) > MostNumber(count, runs_)) {
      problems_.Add(node->mark, absl::StrCat("no number of ", runs_, " runs is ", Written(*node)));
    }
    return count;
  }

 private:
  // How a percentage becomes a number of runs: so that a bound says what it said.
  enum class Rounding { kNone, kUp, kDown };

  // The node with numbers of runs in place of percentages.
  NodePtr InRuns(const NodePtr& node, Rounding rounding) {
    const std::string& tag = node->tag;
    const bool takes_one = tag == "!not" || tag == "!at_least" || tag == "!at_most";
    if (node->IsScalar() && (tag.empty() || takes_one)) {
      return NumberOfRuns(node, tag.empty() ? rounding : RoundingOf(*node, 0));
    }
    if (!node->IsSequence() || !(takes_one || tag == "!any_of" || tag == "!between")) {
      Complain(*node);
      return node;
    }
    auto copy = std::make_shared<Node>(*node);
    for (size_t i = 0; i < copy->items.size(); ++i) {
      copy->items[i] = InRuns(copy->items[i], RoundingOf(*node, i));
    }
    return copy;
  }

  // Of the matcher's operand with that index.
  static Rounding RoundingOf(const Node& matcher, size_t index) {
    if (matcher.tag == "!at_least") return Rounding::kUp;
    if (matcher.tag == "!at_most") return Rounding::kDown;
    if (matcher.tag == "!between") return index == 0 ? Rounding::kUp : Rounding::kDown;
    return Rounding::kNone;
  }

  NodePtr NumberOfRuns(const NodePtr& node, Rounding rounding) {
    auto number = std::make_shared<Node>(*node);
    uint64_t count = 0;
    const std::optional<uint64_t> percentage = ParsePercentage(node->text);
    if (percentage) {
      const uint64_t product = *percentage * runs_;
      if (rounding == Rounding::kNone && product % kAllRuns != 0 && *percentage < kAllRuns) {
        problems_.Add(node->mark, absl::StrCat(node->text, " of ", runs_,
                                               " runs is not a whole number of them; say !between, !at_least "
                                               "or !at_most"));
      }
      count = (product + (rounding == Rounding::kUp ? kAllRuns - 1 : 0)) / kAllRuns;
      number->quoted = false;
    } else if (node->quoted || common::ParseNumber(node->text, count) != common::NumberKind::kUnsigned) {
      Complain(*node);
      return node;
    }
    if (count > runs_ || percentage > kAllRuns) {
      problems_.Add(node->mark, absl::StrCat("the share of ", value_, " is more than all ", runs_,
                                             " runs: ", node->text));
    }
    number->text = absl::StrCat(count);
    return number;
  }

  void Complain(const Node& node) {
    problems_.Add(node.mark,
                  absl::StrCat("the share of ", value_,
                               " must be a number of runs or a percentage such as 40%, plain or in "
                               "!not, !any_of, !at_least, !at_most or !between, not ",
                               Describe(node)));
  }

  const absl::string_view value_;
  const uint64_t runs_;
  Problems& problems_;
};

// Whether answers can be counted by what that field has.
bool IsCountable(const FieldDescriptor& field) {
  return !field.is_repeated() && field.message_type() == nullptr &&
         field.type() != FieldDescriptor::TYPE_BYTES && !rules::IsHidden(field);
}

const FieldDescriptor* FindCountable(const NodePtr& key, const Call& call, Problems& problems) {
  const google::protobuf::Descriptor& answer = *call.method->output_type();
  std::vector<std::string> names;
  for (int i = 0; i < answer.field_count(); ++i) {
    if (!IsCountable(*answer.field(i))) continue;
    names.push_back(rules::PlanName(*answer.field(i)));
    if (names.back() == key->text) return answer.field(i);
  }
  problems.Add(
      key->mark,
      absl::StrCat("there are no shares of \"", key->text, "\" here", common::DidYouMean(key->text, names),
                   names.empty() ? "" : "; there are shares of: ", absl::StrJoin(names, ", ")));
  return nullptr;
}

bool IsFilledMapping(const Node& node) { return node.IsMapping() && node.tag.empty() && !node.pairs.empty(); }

std::string DescribeEmpty(const Node& node) {
  return node.IsMapping() && node.tag.empty() ? "an empty one" : Describe(node);
}

// What is not named must not come, so that the shares have to make up all runs.
void CheckSum(const SharesExpectation& expectation, uint64_t runs, Problems& problems) {
  uint64_t least = 0;
  uint64_t most = 0;
  for (const Share& share : expectation.shares) {
    least += LeastNumber(share.count);
    most += MostNumber(share.count, runs);
  }
  if (least > runs) {
    problems.Add(expectation.mark, absl::StrCat("the shares of ", expectation.field,
                                                " are together at least ", least, " of ", runs, " runs"));
  } else if (most < runs) {
    problems.Add(expectation.mark,
                 absl::StrCat("the shares of ", expectation.field, " are together at most ", most, " of ",
                              runs, " runs, and a value that is not named must not come"));
  }
}

SharesExpectation ReadSharesOf(const NodePair& pair, const FieldDescriptor& field, uint64_t runs,
                               Problems& problems) {
  SharesExpectation expectation{pair.key->text, pair.key->mark, {}};
  const size_t problems_before = problems.Count();
  for (const NodePair& of_value : pair.value->pairs) {
    Share share;
    share.value = ReadFieldPattern(of_value.key, field, problems);
    const bool is_twice =
        std::any_of(expectation.shares.begin(), expectation.shares.end(), [&](const Share& other) {
          return google::protobuf::util::MessageDifferencer::Equals(other.value.value, share.value.value);
        });
    if (is_twice && problems.Count() == problems_before) {
      problems.Add(of_value.key->mark,
                   absl::StrCat("the share of ", of_value.key->text, " is given twice, under two names"));
    }
    share.count = CountReader(of_value.key->text, runs, problems).Read(of_value.value);
    share.written = Written(*of_value.value);
    expectation.shares.push_back(std::move(share));
  }
  if (problems.Count() == problems_before) CheckSum(expectation, runs, problems);
  return expectation;
}

}  // namespace

std::vector<SharesExpectation> ReadShares(const NodePtr& node, const Call& call, Problems& problems) {
  std::vector<SharesExpectation> all;
  if (!IsFilledMapping(*node)) {
    problems.Add(node->mark, absl::StrCat("shares must be a mapping of fields to the shares of their values, "
                                          "such as {server: {a: 50%, b: 50%}}, not ",
                                          DescribeEmpty(*node)));
    return all;
  }
  if (call.repeat < 2) {
    problems.Add(node->mark, "shares goes with a repeat of at least 2: it is about all runs of the step");
    return all;
  }
  for (const NodePair& pair : node->pairs) {
    const std::string& name = pair.key->text;
    const FieldDescriptor* field = FindCountable(pair.key, call, problems);
    if (field == nullptr) continue;
    if (FindPart(call.expected, name) != nullptr) {
      problems.Add(pair.key->mark, absl::StrCat(name, " and the shares of ", name,
                                                " exclude each other: the one is about each run"));
    }
    if (!IsFilledMapping(*pair.value)) {
      problems.Add(pair.value->mark, absl::StrCat("the shares of ", name,
                                                  " must be a mapping of its values to how often they come, "
                                                  "such as {a: 50%, b: !at_least 40%}, not ",
                                                  DescribeEmpty(*pair.value)));
      continue;
    }
    all.push_back(ReadSharesOf(pair, *field, call.repeat, problems));
  }
  return all;
}

}  // namespace bpfrig::client::plan
