// Which names a mistyped one may have meant. For messages about a name that does not exist.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

// The one of `known` that is nearest to the word; empty if none is near.
[[nodiscard]] std::string Nearest(absl::string_view word, const std::vector<std::string>& known);

// ` (did you mean "word"?)`, or nothing if none of `known` is near.
[[nodiscard]] std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known);

// The names as a list for a sentence, those nearest to `wanted` first, the others sorted, at most `most` of
// them: "addr, port, ... (31 in all)"; "none" if there are none.
[[nodiscard]] std::string NamesNear(absl::string_view wanted, std::vector<std::string> names,
                                    size_t most = 24);

}  // namespace bpfrig::common
