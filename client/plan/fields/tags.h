// What a tag of the plan language stands before and says, for the page of reference and for editors, which
// have to be told. values.cpp reads those that write values, read_pattern.cpp matchers.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::client::plan {

// What may stand behind a tag. Nothing at all counts as text.
enum class Operand { kText, kList, kMapping, kTextOrList, kTextOrMapping, kAny };

struct TagWords {
  // "!ip".
  absl::string_view tag;
  Operand operand = Operand::kText;
  // How it is written: "!ip 10.96.0.1".
  absl::string_view example;
  // "Writes ..." or "Holds if the value ...", without these words.
  absl::string_view means;
};

// Those that write values.
[[nodiscard]] std::vector<TagWords> ValueTags();
// Those that are matchers.
[[nodiscard]] std::vector<TagWords> Matchers();

}  // namespace bpfrig::client::plan
