// The doctor's findings as text.
#pragma once

#include <string>
#include <vector>

#include "daemon/doctor/finding.h"

namespace bpfrig::doctor {

// A line for each finding, its details below it, and a summary at the end.
[[nodiscard]] std::string FormatReport(const std::vector<Finding>& findings);

// How many failed.
[[nodiscard]] size_t CountFailures(const std::vector<Finding>& findings);

}  // namespace bpfrig::doctor
