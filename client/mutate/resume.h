// Going on with a run that was interrupted, from its JSON report.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// Takes from a report what came of the record's mutants, where all tests that load the program, and their
// objects, are what they were then. How many it took. INVALID_ARGUMENT if `json` is no such report, or tells
// less than `record` wants of each mutant.
[[nodiscard]] absl::StatusOr<size_t> Resume(const std::string& json, Record& record);

}  // namespace bpfrig::client::mutate
