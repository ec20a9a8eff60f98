// Survivors that nobody can notice, because the changed program does the same: a comment at the source line,
// or an entry in a file, says why.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// One entry of such a file, as the JSON report has a survivor. An empty field fits everything.
struct Equivalent {
  std::string program;
  std::string function;
  // The source line itself, without the blanks before it: its number changes too easily.
  std::string text;
  std::string what;
  std::string reason;
};

// INVALID_ARGUMENT if it is not such a file.
[[nodiscard]] absl::StatusOr<std::vector<Equivalent>> ReadEquivalents(const std::string& path);

// Makes survivors equivalent. The entries that fit none of the mutants.
std::vector<Equivalent> MarkEquivalents(const std::vector<Equivalent>& known, Record& record);

}  // namespace bpfrig::client::mutate
