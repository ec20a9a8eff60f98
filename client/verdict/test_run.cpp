#include "client/verdict/test_run.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/plan/fields/return_words.h"
#include "client/verdict/answer.h"
#include "client/verdict/explain.h"

namespace bpfrig::client::verdict {
namespace {

constexpr char kReturn[] = "return";

// The names that the pattern is written with.
void CollectWords(const plan::Pattern& pattern, std::vector<const plan::Node*>& words) {
  if (pattern.kind == plan::PatternKind::kEqual && plan::FindReturnWord(pattern.node->text) != nullptr)
    words.push_back(pattern.node.get());
  for (const plan::Pattern& part : pattern.parts) CollectWords(part, words);
}

// A name of another kind of program: that its number fits would say nothing.
void CompareWords(const plan::Pattern& expected, const std::string& program_type, uint32_t value,
                  Differences& differences) {
  std::vector<const plan::Node*> words;
  CollectWords(expected, words);
  for (const plan::Node* word : words) {
    if (program_type.empty() || plan::ReturnsWord(program_type, word->text)) continue;
    differences.push_back({word->mark, kReturn, word->text,
                           absl::StrCat(DescribeReturn(value, program_type), " of a program of type ",
                                        program_type, ", which does not return ", word->text)});
  }
}

}  // namespace

std::string DescribeReturn(uint32_t value, const std::string& program_type) {
  if (const auto name = plan::NameOfReturn(program_type, value); !name.empty())
    return absl::StrCat(value, " (", name, ")");
  const auto negative = static_cast<int32_t>(value);
  return negative < 0 ? absl::StrCat(value, " (", negative, ")") : absl::StrCat(value);
}

Differences CompareTestRun(const plan::Call& call, const plan::RunShape& shape, const plan::Mark& mark,
                           const std::string& program_type, const bpfrig::v1::RunProgramResponse& response) {
  Differences differences = CompareAnswer(call, mark, response);
  const plan::Pattern* expected = plan::FindPart(call.expected, kReturn);
  for (Difference& difference : differences) {
    if (difference.field != kReturn) continue;
    difference.actual = DescribeReturn(response.return_value(), program_type);
    if (expected->kind == plan::PatternKind::kEqual && difference.expected != expected->node->text)
      difference.expected = absl::StrCat(expected->node->text, " (", difference.expected, ")");
  }
  if (expected != nullptr && differences.empty())
    CompareWords(*expected, program_type, response.return_value(), differences);
  for (const plan::SharesExpectation& shares : call.shares) {
    for (const plan::Share& share : shares.shares)
      CompareWords(share.value, program_type, response.return_value(), differences);
  }
  if (!shape.context) return differences;
  std::vector<const bpfrig::v1::ResolvedValue*> encodings;
  for (const auto& pattern : response.context_patterns()) encodings.push_back(&pattern);
  const TypedPattern pattern{shape.context->record, *encodings[0], encodings};
  const TypedValue left{response.has_context_fields() ? &response.context_fields() : nullptr,
                        response.context()};
  if (Holds(pattern, left)) return differences;
  Differences found = Explain(pattern, left, shape.context->source.node, shape.context->source.name);
  std::move(found.begin(), found.end(), std::back_inserter(differences));
  return differences;
}

}  // namespace bpfrig::client::verdict
