#include "client/report/report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

struct Word {
  absl::string_view text;
  // The terminal's colour.
  absl::string_view colour;
};

Word WordOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return {"PASS", "\033[32m"};
    case Verdict::kFailed:
      return {"FAIL", "\033[31m"};
    case Verdict::kSkipped:
      return {"SKIP", "\033[33m"};
    case Verdict::kRigError:
      return {"RIG ", "\033[35m"};
    case Verdict::kNotRun:
      break;
  }
  return {"----", "\033[2m"};
}

// Lines after the first start below the first one's text.
std::string Indented(absl::string_view text, size_t columns) {
  return absl::StrReplaceAll(text, {{"\n", absl::StrCat("\n", std::string(columns, ' '))}});
}

void AppendFailure(const verdict::Failure& failure, std::string& text) {
  absl::StrAppend(&text, "      ", ToString(failure.mark), ": ", failure.what, "\n");
  if (!failure.error.empty()) absl::StrAppend(&text, "        ", Indented(failure.error, 8), "\n");
  if (!failure.hint.empty()) absl::StrAppend(&text, "        hint: ", Indented(failure.hint, 14), "\n");
  for (const verdict::Difference& difference : failure.differences) {
    absl::StrAppend(&text, "        ", ToString(difference.mark), ": ", difference.field, "\n");
    absl::StrAppend(&text, "          expected: ", Indented(difference.expected, 20), "\n");
    absl::StrAppend(&text, "          actual:   ", Indented(difference.actual, 20), "\n");
  }
  if (!failure.note.empty()) absl::StrAppend(&text, "        ", Indented(failure.note, 8), "\n");
}

std::string Duration(std::chrono::microseconds duration) {
  const double milliseconds = static_cast<double>(duration.count()) / 1000;
  return milliseconds < 10'000 ? absl::StrFormat("%.0f ms", milliseconds)
                               : absl::StrFormat("%.1f s", milliseconds / 1000);
}

}  // namespace

void CountIn(Verdict verdict, Counts& counts) {
  switch (verdict) {
    case Verdict::kPassed:
      ++counts.passed;
      break;
    case Verdict::kFailed:
      ++counts.failed;
      break;
    case Verdict::kSkipped:
      ++counts.skipped;
      break;
    case Verdict::kRigError:
      ++counts.rig_errors;
      break;
    case Verdict::kNotRun:
      ++counts.not_run;
      break;
  }
}

std::string Summary(const Counts& counts) {
  std::string text = absl::StrCat(counts.passed, " passed, ", counts.failed, " failed");
  if (counts.skipped > 0) absl::StrAppend(&text, ", ", counts.skipped, " skipped");
  if (counts.rig_errors > 0)
    absl::StrAppend(&text, ", ", counts.rig_errors, counts.rig_errors == 1 ? " rig error" : " rig errors");
  if (counts.not_run > 0) absl::StrAppend(&text, ", ", counts.not_run, " not run");
  return text;
}

std::string VerdictMark(Verdict verdict, bool colour) {
  const Word word = WordOf(verdict);
  return colour ? absl::StrCat(word.colour, word.text, "\033[0m") : std::string(word.text);
}

std::string FormatResult(const TestResult& result, bool colour) {
  std::string text = VerdictMark(result.verdict, colour);
  absl::StrAppend(&text, "  ", result.plan, " / ", result.name);
  if (result.verdict == Verdict::kSkipped) {
    absl::StrAppend(&text, "  ", Indented(result.reason, 6), "\n");
    return text;
  }
  absl::StrAppend(&text, "  ", Duration(result.duration), "\n");
  if (!result.reason.empty()) absl::StrAppend(&text, "      ", Indented(result.reason, 6), "\n");
  for (const verdict::Note& note : result.notes) {
    absl::StrAppend(&text, "      ", ToString(note.mark), ": ", note.what, ": ", Indented(note.text, 8),
                    "\n");
  }
  for (const verdict::Failure& failure : result.failures) AppendFailure(failure, text);
  return text;
}

void Report::Add(size_t index, TestResult result) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CountIn(result.verdict, counts_);
  waiting_[index] = std::move(result);
  PrintReady();
}

void Report::PrintReady() {
  while (printed_ < waiting_.size() && waiting_[printed_]) {
    // A test that did not run because of an interrupt is only counted.
    if (waiting_[printed_]->verdict != Verdict::kNotRun)
      stream_ << FormatResult(*waiting_[printed_], colour_);
    waiting_[printed_].reset();
    ++printed_;
  }
  stream_.flush();
}

Counts Report::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

}  // namespace bpfrig::client::report
