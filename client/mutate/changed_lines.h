// What changed between a commit and now, as git tells it.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "client/mutate/selection.h"

namespace bpfrig::client::mutate {

// The lines that are new, from the output of `git diff --no-prefix`, with or without the lines around them.
// Of lines that are gone nothing is left to mutate.
[[nodiscard]] std::vector<LineRange> ChangedLines(absl::string_view diff);

}  // namespace bpfrig::client::mutate
