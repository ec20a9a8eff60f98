// The report of `bpfrig mutate` for programs: docs/mutation.md.
#pragma once

#include <string>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// `version` is bpfrig's.
[[nodiscard]] std::string ToJson(const Record& record, const std::string& version);

}  // namespace bpfrig::client::mutate
