// "did you mean": finds the word that a mistyped one was meant to be. For messages of every reader here.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::client::plan {

// ` (did you mean "word"?)`, or nothing where none of `known` is near.
[[nodiscard]] std::string Suggestion(absl::string_view word, const std::vector<std::string>& known);

}  // namespace bpfrig::client::plan
