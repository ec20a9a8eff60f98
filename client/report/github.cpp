// GitHub Actions: workflow commands, and the step's summary.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/report/report_file.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

std::string EscapedMessage(const std::string& text) {
  return absl::StrReplaceAll(text, {{"%", "%25"}, {"\r", "%0D"}, {"\n", "%0A"}});
}

std::string EscapedProperty(const std::string& text) {
  return absl::StrReplaceAll(EscapedMessage(text), {{":", "%3A"}, {",", "%2C"}});
}

// For a cell of a table.
std::string EscapedCell(const std::string& text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"<", "&lt;"}, {"\n", " "}});
}

}  // namespace

std::string ToGithubAnnotations(const RunRecord& run) {
  std::string text;
  for (const TestResult& result : run.results) {
    if (!result.IsBad() && !result.IsFlaky()) continue;
    const plan::Mark& mark = result.failures.empty() ? result.mark : result.failures[0].mark;
    absl::StrAppend(&text, result.IsFlaky() ? "::warning " : "::error ");
    if (mark.file != nullptr) {
      absl::StrAppend(&text, "file=", EscapedProperty(*mark.file), ",line=", mark.line, ",col=", mark.column,
                      ",");
    }
    absl::StrAppend(&text,
                    "title=", EscapedProperty(absl::StrCat(result.plan, " / ", NameWithKernel(result))),
                    "::", EscapedMessage(Details(result)), "\n");
  }
  return text;
}

std::string ToGithubSummary(const RunRecord& run) {
  std::string text = absl::StrCat("### bpfrig: ", Summary(run.counts), "\n\n");
  bool has_table = false;
  for (const TestResult& result : run.results) {
    if (result.verdict == Verdict::kPassed && !result.IsFlaky()) continue;
    if (!has_table) text += "| test | verdict | time | |\n|---|---|---|---|\n";
    has_table = true;
    std::string why = result.reason;
    if (why.empty() && !result.failures.empty()) {
      why = absl::StrCat(ToString(result.failures[0].mark), ": ", result.failures[0].what);
    }
    absl::StrAppend(&text, "| ", EscapedCell(result.plan), " / ", EscapedCell(NameWithKernel(result)), " | ",
                    result.IsFlaky() ? "flaky" : WordOf(result.verdict), " | ",
                    absl::StrFormat("%.3f ms", Milliseconds(result.duration)), " | ", EscapedCell(why),
                    " |\n");
  }
  return text;
}

}  // namespace bpfrig::client::report
