// Reports for other programs: each format as text, and the files that they go to.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/report/run_record.h"

namespace bpfrig::client::report {

// JUnit's XML, as Jenkins and others read it: a suite for each plan. A rig error is an `error`.
[[nodiscard]] std::string ToJunit(const RunRecord& run);
// TAP 14, with a YAML block for each test that ran.
[[nodiscard]] std::string ToTap(const RunRecord& run);
// The project's own format: docs/reports.md. `version` is bpfrig's.
[[nodiscard]] std::string ToJson(const RunRecord& run, const std::string& version);
// A page for people, which stands by itself. `version` is bpfrig's.
[[nodiscard]] std::string ToHtml(const RunRecord& run, const std::string& version);

// For GitHub Actions: an annotation at the plan's line for each test that failed, to be printed; and a
// summary in Markdown.
[[nodiscard]] std::string ToGithubAnnotations(const RunRecord& run);
[[nodiscard]] std::string ToGithubSummary(const RunRecord& run);

struct ReportFile {
  std::string (*format)(const RunRecord& run) = nullptr;
  std::string path;
};

// Reads "junit=FILE". INVALID_ARGUMENT says what may stand there.
[[nodiscard]] absl::StatusOr<ReportFile> ParseReportFile(const std::string& text);
[[nodiscard]] absl::Status WriteFile(const std::string& path, const std::string& text);
[[nodiscard]] absl::Status AppendToFile(const std::string& path, const std::string& text);

}  // namespace bpfrig::client::report
