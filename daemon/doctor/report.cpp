#include "daemon/doctor/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace bpfrig::doctor {
namespace {

const char* Label(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kSkip:
      return "skip";
  }
  return "";
}

std::string Summary(size_t failures) {
  switch (failures) {
    case 0:
      return "nothing is missing\n";
    case 1:
      return "1 thing is missing\n";
    default:
      return absl::StrCat(failures, " things are missing\n");
  }
}

}  // namespace

size_t CountFailures(const std::vector<Finding>& findings) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.verdict == Verdict::kFail;
  }));
}

std::string FormatReport(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    absl::StrAppendFormat(&text, "%-4s  %-16s  %s\n", Label(finding.verdict), finding.name, finding.found);
    for (const std::string& line : finding.lines) absl::StrAppend(&text, "        ", line, "\n");
  }
  return absl::StrCat(text, Summary(CountFailures(findings)));
}

}  // namespace bpfrig::doctor
