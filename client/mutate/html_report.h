// The report of `bpfrig mutate` as a page for people.
#pragma once

#include <string>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// Programs and functions in a table, then all source lines that have mutants. `version` is bpfrig's.
[[nodiscard]] std::string ToHtml(const Record& record, const std::string& version);

}  // namespace bpfrig::client::mutate
