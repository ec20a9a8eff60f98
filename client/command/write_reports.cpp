#include "client/command/write_reports.h"

#include <cstdlib>
#include <iostream>

#include "client/report/report_file.h"

namespace bpfrig::client::command {

bool WriteReports(const std::vector<std::string>& reports, const report::RunRecord& record) {
  absl::Status status;
  for (const std::string& text : reports) {
    // What the command line took can be read.
    const absl::StatusOr<report::ReportFile> file = report::ParseReportFile(text);
    if (file.ok()) status.Update(report::WriteFile(file->path, file->format(record)));
  }
  if (const char* actions = std::getenv("GITHUB_ACTIONS");
      actions != nullptr && std::string(actions) == "true") {
    std::cout << report::ToGithubAnnotations(record);
    if (const char* summary = std::getenv("GITHUB_STEP_SUMMARY"); summary != nullptr) {
      status.Update(report::AppendToFile(summary, report::ToGithubSummary(record)));
    }
  }
  if (!status.ok()) std::cerr << "bpfrig: " << status.message() << "\n";
  return status.ok();
}

}  // namespace bpfrig::client::command
