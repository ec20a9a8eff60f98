// Reads the project's own report again: how results come back from where else a client ran.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/report/run_record.h"

namespace bpfrig::client::report {

// What ToJson wrote (report_file.h). INVALID_ARGUMENT if it is not such a report.
[[nodiscard]] absl::StatusOr<RunRecord> ParseJson(const std::string& text);

}  // namespace bpfrig::client::report
