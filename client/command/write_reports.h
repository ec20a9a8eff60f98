// Writes the reports that a run was asked for, and GitHub's if it runs there.
#pragma once

#include <string>
#include <vector>

#include "client/report/run_record.h"

namespace bpfrig::client::command {

// `reports` are texts that ParseReportFile can read. True if all of them could be written; otherwise stderr
// says why not.
[[nodiscard]] bool WriteReports(const std::vector<std::string>& reports, const report::RunRecord& record);

}  // namespace bpfrig::client::command
