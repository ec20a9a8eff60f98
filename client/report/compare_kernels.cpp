#include "client/report/compare_kernels.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

// One test on all kernels; nullptr where the kernel has no result of it.
struct Row {
  std::string title;
  std::vector<const TestResult*> results;
};

// In the order in which the kernels have them.
std::vector<Row> RowsOf(const std::vector<KernelRun>& runs) {
  std::vector<Row> rows;
  std::map<std::string, size_t> places;
  for (size_t kernel = 0; kernel < runs.size(); ++kernel) {
    for (const TestResult& result : runs[kernel].record.results) {
      const std::string title = absl::StrCat(result.plan, " / ", result.name);
      const auto [place, is_new] = places.emplace(title, rows.size());
      if (is_new) rows.push_back({title, std::vector<const TestResult*>(runs.size())});
      rows[place->second].results[kernel] = &result;
    }
  }
  return rows;
}

bool Differs(const Row& row) {
  const TestResult* first = nullptr;
  for (const TestResult* result : row.results) {
    if (result == nullptr) continue;
    if (first == nullptr) first = result;
    if (result->verdict != first->verdict) return true;
  }
  return false;
}

bool IsBadEverywhere(const Row& row) {
  return std::all_of(row.results.begin(), row.results.end(),
                     [](const TestResult* result) { return result == nullptr || result->IsBad(); });
}

// Lines without the last one's end.
std::string IndentedBlock(absl::string_view text, size_t columns) {
  const std::string space(columns, ' ');
  return absl::StrCat(space, absl::StrReplaceAll(absl::StripSuffix(text, "\n"), {{"\n", "\n" + space}}));
}

size_t WidthOf(const std::vector<KernelRun>& runs) {
  size_t width = 0;
  for (const KernelRun& run : runs) width = std::max(width, run.name.size());
  return width;
}

void AppendRow(const std::vector<KernelRun>& runs, const Row& row, bool colour, std::string& text) {
  absl::StrAppend(&text, "  ", row.title, "\n");
  for (size_t kernel = 0; kernel < runs.size(); ++kernel) {
    if (row.results[kernel] == nullptr) continue;
    const TestResult& result = *row.results[kernel];
    absl::StrAppendFormat(&text, "    %-*s  %s%s\n", static_cast<int>(WidthOf(runs)), runs[kernel].name,
                          VerdictMark(result, colour),
                          result.verdict == Verdict::kSkipped ? "  " + result.reason : "");
    if (result.IsBad()) absl::StrAppend(&text, IndentedBlock(Details(result), 4), "\n");
  }
}

void AppendRows(const char* title, const std::vector<KernelRun>& runs, const std::vector<const Row*>& rows,
                bool colour, std::string& text) {
  if (rows.empty()) return;
  absl::StrAppend(&text, title, "\n");
  for (const Row* row : rows) AppendRow(runs, *row, colour, text);
  text += "\n";
}

// "6.1: 3 tests skipped: needs tcx: EINVAL", each reason once.
void AppendSkips(const std::vector<KernelRun>& runs, std::string& text) {
  std::string skips;
  for (const KernelRun& run : runs) {
    std::map<std::string, size_t> reasons;
    for (const TestResult& result : run.record.results) {
      if (result.verdict == Verdict::kSkipped) ++reasons[result.reason];
    }
    for (const auto& [reason, count] : reasons) {
      absl::StrAppendFormat(&skips, "  %-*s  %d %s: %s\n", static_cast<int>(WidthOf(runs)), run.name, count,
                            count == 1 ? "test" : "tests", reason);
    }
    if (!run.record.results.empty() && run.record.counts.skipped == run.record.results.size()) {
      absl::StrAppendFormat(&skips, "  %-*s  everything was skipped: nothing is known of this kernel\n",
                            static_cast<int>(WidthOf(runs)), run.name);
    }
  }
  if (!skips.empty()) absl::StrAppend(&text, "skipped:\n", skips, "\n");
}

std::string RoundedSeconds(std::chrono::microseconds duration) {
  return absl::StrFormat("%.1f s", static_cast<double>(duration.count()) / 1e6);
}

void AppendKernel(const KernelRun& run, size_t width, std::string& text) {
  absl::StrAppendFormat(&text, "%-*s  ", static_cast<int>(width), run.name);
  if (!run.failure.empty()) {
    absl::StrAppend(&text, "rig error: ", absl::StrReplaceAll(run.failure, {{"\n", "\n      "}}), "\n");
    return;
  }
  absl::StrAppend(&text, Summary(run.record.counts), " in ", RoundedSeconds(run.record.duration), "  (Linux ",
                  run.release);
  if (!run.accelerator.empty()) {
    absl::StrAppend(&text, ", a guest with ", run.accelerator, ", up in ", RoundedSeconds(run.boot));
  }
  absl::StrAppend(&text, ")\n");
}

}  // namespace

std::string CompareKernels(const std::vector<KernelRun>& runs, bool colour) {
  const std::vector<Row> rows = RowsOf(runs);
  std::vector<const Row*> differing;
  std::vector<const Row*> bad;
  for (const Row& row : rows) {
    if (Differs(row)) {
      differing.push_back(&row);
    } else if (IsBadEverywhere(row)) {
      bad.push_back(&row);
    }
  }
  std::string text;
  AppendRows("different on these kernels:", runs, differing, colour, text);
  AppendRows(runs.size() == 1 ? "not passed:" : "not passed on any kernel:", runs, bad, colour, text);
  AppendSkips(runs, text);
  for (const KernelRun& run : runs) AppendKernel(run, WidthOf(runs), text);
  return text;
}

RunRecord Joined(const std::vector<KernelRun>& runs) {
  RunRecord joined;
  for (const KernelRun& run : runs) {
    if (joined.results.empty()) joined.started = run.record.started;
    joined.duration += run.record.duration;
    for (TestResult result : run.record.results) {
      result.kernel = run.release;
      joined.results.push_back(std::move(result));
    }
    if (!run.failure.empty()) {
      TestResult failed;
      failed.verdict = Verdict::kRigError;
      failed.plan = "bpfrig";
      failed.name = "runs the plans";
      failed.kernel = run.name;
      failed.reason = run.failure;
      joined.results.push_back(std::move(failed));
    }
  }
  for (const TestResult& result : joined.results) CountIn(result, joined.counts);
  return joined;
}

}  // namespace bpfrig::client::report
