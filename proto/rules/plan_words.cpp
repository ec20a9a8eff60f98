#include "proto/rules/plan_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "proto/rules/call_traits.h"

namespace bpfrig::rules {
namespace {

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// The step that the call is; empty for other words. Calls of one word, such as Connect, are not told from
// names that begin a sentence.
std::string StepNamed(absl::string_view word) {
  const auto is_upper = [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); };
  if (std::count_if(word.begin(), word.end(), is_upper) < 2) return "";
  const google::protobuf::MethodDescriptor* method = Service().FindMethodByName(std::string(word));
  return method == nullptr ? "" : StepOf(*method).name();
}

}  // namespace

std::string InPlanWords(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && IsLetter(text[end])) ++end;
    const absl::string_view word = text.substr(i, std::max<size_t>(end - i, 1));
    const bool is_own = i > 0 && absl::StrContains("'\"/_.-:0123456789", text.substr(i - 1, 1));
    const std::string step = is_own ? "" : StepNamed(word);
    result.append(step.empty() ? std::string(word) : step);
    i += word.size();
  }
  return result;
}

}  // namespace bpfrig::rules
