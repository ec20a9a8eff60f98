#include "client/plan/yaml/scalars.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/name.h"
#include "common/near_names.h"
#include "common/number.h"

namespace bpfrig::client::plan {
namespace {

void Expected(const NodePtr& node, absl::string_view what, absl::string_view expected, Problems& problems) {
  problems.Add(node->mark, absl::StrCat(what, " must be ", expected, ", not ", Describe(*node)));
}

void ExpectedUnquoted(const NodePtr& node, absl::string_view what, absl::string_view expected,
                      Problems& problems) {
  problems.Add(node->mark,
               absl::StrCat(what, " must be ", expected, ", not ", Describe(*node), WithoutQuotes(*node)));
}

}  // namespace

bool IsPlainText(const Node& node) { return node.IsScalar() && node.tag.empty(); }

std::string ReadText(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && !node->text.empty()) return node->text;
  Expected(node, what, "text", problems);
  return "";
}

std::string ReadLine(const NodePtr& node, absl::string_view what, Problems& problems) {
  std::string text = ReadText(node, what, problems);
  const bool has_control =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_iscntrl(c); });
  if (!has_control) return text;
  Expected(node, what, "text of one line, without control characters", problems);
  return "";
}

std::string ReadName(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && common::IsName(node->text)) return node->text;
  Expected(node, what, common::NameRule(), problems);
  return "";
}

std::string ReadWord(const NodePtr& node, absl::string_view what, const std::vector<std::string>& words,
                     Problems& problems) {
  if (IsPlainText(*node) && std::find(words.begin(), words.end(), node->text) != words.end()) {
    return node->text;
  }
  problems.Add(node->mark, absl::StrCat(what, " must be one of ", absl::StrJoin(words, ", "), ", not ",
                                        Describe(*node), common::DidYouMean(node->text, words)));
  return "";
}

std::string WithoutQuotes(const Node& node) {
  uint64_t number = 0;
  const bool is_word = node.text == "true" || node.text == "false";
  if (!node.quoted || (!is_word && common::ParseNumber(node.text, number) == common::NumberKind::kNone))
    return "";
  return "; write it without quotes";
}

void ReadTrue(const NodePtr& node, absl::string_view what, Problems& problems) {
  if (IsPlainText(*node) && !node->quoted && node->text == "true") return;
  ExpectedUnquoted(node, what, "true, or left out", problems);
}

uint64_t ReadUnsigned(const NodePtr& node, absl::string_view what, uint64_t least, uint64_t most,
                      Problems& problems) {
  uint64_t number = 0;
  if (IsPlainText(*node) && !node->quoted &&
      common::ParseNumber(node->text, number) == common::NumberKind::kUnsigned && number >= least &&
      number <= most) {
    return number;
  }
  ExpectedUnquoted(node, what, absl::StrCat("a number from ", least, " to ", most), problems);
  return least;
}

bool ParseDurationMs(const Node& node, uint64_t& milliseconds) {
  if (!IsPlainText(node)) return false;
  absl::string_view text = node.text;
  const bool is_ms = absl::ConsumeSuffix(&text, "ms");
  if (!is_ms && !absl::ConsumeSuffix(&text, "s")) return false;
  uint64_t number = 0;
  if (common::ParseNumber(text, number) != common::NumberKind::kUnsigned || number > UINT32_MAX) return false;
  milliseconds = is_ms ? number : number * 1000;
  return true;
}

std::chrono::milliseconds ReadTimeout(const NodePtr& node, absl::string_view what, Problems& problems) {
  constexpr uint64_t kMost = kMaxTimeout.count();
  uint64_t number = 0;
  if (ParseDurationMs(*node, number) && number > 0 && number <= kMost)
    return std::chrono::milliseconds(number);
  Expected(node, what, "a duration such as 500ms or 10s, from 1ms to 3600s", problems);
  return {};
}

void ReadList(const NodePtr& node, absl::string_view what, Problems& problems,
              const std::function<void(const NodePtr&)>& read) {
  if (!node->IsSequence() || !node->tag.empty()) return Expected(node, what, "a list", problems);
  for (const NodePtr& item : node->items) read(item);
}

}  // namespace bpfrig::client::plan
