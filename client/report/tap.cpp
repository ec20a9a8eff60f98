// TAP 14.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/report/report_file.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"#", "\\#"}, {"\n", " "}});
}

// As a double-quoted scalar of YAML.
std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
}

std::string Block(const TestResult& result) {
  std::string text = "  ---\n";
  if (result.IsBad() || result.IsFlaky()) {
    absl::StrAppend(&text, "  verdict: ", Quoted(result.IsFlaky() ? "flaky" : WordOf(result.verdict)), "\n");
    if (result.mark.file != nullptr) absl::StrAppend(&text, "  at: ", Quoted(ToString(result.mark)), "\n");
  }
  absl::StrAppend(&text, "  duration_ms: ", absl::StrFormat("%.3f", Milliseconds(result.duration)), "\n");
  if (result.IsBad() || result.IsFlaky())
    absl::StrAppend(&text, "  message: ", Quoted(Details(result)), "\n");
  return text + "  ...\n";
}

}  // namespace

std::string ToTap(const RunRecord& run) {
  std::string text = absl::StrCat("TAP version 14\n1..", run.results.size(), "\n");
  size_t number = 0;
  for (const TestResult& result : run.results) {
    absl::StrAppend(&text, result.IsBad() ? "not ok " : "ok ", ++number, " - ", Escaped(result.plan), " / ",
                    Escaped(NameWithKernel(result)));
    if (result.verdict == Verdict::kSkipped) absl::StrAppend(&text, " # SKIP ", Escaped(result.reason));
    if (result.verdict == Verdict::kNotRun) absl::StrAppend(&text, " # SKIP the run was ended before it");
    text += '\n';
    if (result.verdict != Verdict::kSkipped && result.verdict != Verdict::kNotRun) text += Block(result);
  }
  return text;
}

}  // namespace bpfrig::client::report
