// What programs return, by the names that the kernel's headers have for it: XDP_PASS. Read in expectations of
// `run`, and in reports of what came.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::client::plan {

struct ReturnWord {
  const char* name;
  uint32_t value;
};

// Null if no program type has it.
[[nodiscard]] const ReturnWord* FindReturnWord(absl::string_view name);
[[nodiscard]] std::vector<std::string> ReturnWordNames();

// Whether programs of that type, as libbpf calls it, return by such a name.
[[nodiscard]] bool ReturnsWord(absl::string_view program_type, absl::string_view name);
// The first name that programs of that type have for the value; empty if there is none.
[[nodiscard]] absl::string_view NameOfReturn(absl::string_view program_type, uint32_t value);

}  // namespace bpfrig::client::plan
