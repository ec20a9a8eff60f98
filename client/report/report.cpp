#include "client/report/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::report {
namespace {

using verdict::TestResult;
using verdict::Verdict;

struct Label {
  absl::string_view text;
  // The terminal's colour.
  absl::string_view colour;
};

Label LabelOf(const TestResult& result) {
  switch (result.verdict) {
    case Verdict::kPassed:
      if (result.IsFlaky()) return {"FLAKY", "\033[33m"};
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

// The text cut to so many bytes, at the end of a character.
absl::string_view Cut(absl::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

constexpr absl::string_view kEraseLine = "\r\033[K";

}  // namespace

std::string Duration(std::chrono::microseconds duration) {
  const double milliseconds = static_cast<double>(duration.count()) / 1000;
  return milliseconds < 10'000 ? absl::StrFormat("%.0f ms", milliseconds)
                               : absl::StrFormat("%.1f s", milliseconds / 1000);
}

void CountIn(const TestResult& result, Counts& counts) {
  switch (result.verdict) {
    case Verdict::kPassed:
      ++counts.passed;
      if (result.IsFlaky()) ++counts.flaky;
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
  std::string text = absl::StrCat(counts.passed, " passed");
  if (counts.flaky > 0) absl::StrAppend(&text, " (", counts.flaky, " flaky)");
  absl::StrAppend(&text, ", ", counts.failed, " failed");
  if (counts.skipped > 0) absl::StrAppend(&text, ", ", counts.skipped, " skipped");
  if (counts.rig_errors > 0)
    absl::StrAppend(&text, ", ", counts.rig_errors, counts.rig_errors == 1 ? " rig error" : " rig errors");
  if (counts.not_run > 0) absl::StrAppend(&text, ", ", counts.not_run, " not run");
  return text;
}

std::string DescribeTries(const TestResult& result) {
  if (result.tries == 1) return "";
  return result.IsFlaky() ? absl::StrCat(", passed at try ", result.tries)
                          : absl::StrCat(", failed ", result.tries, " times");
}

std::string VerdictMark(const TestResult& result, bool colour) {
  const Label label = LabelOf(result);
  return colour ? absl::StrCat(label.colour, label.text, "\033[0m") : std::string(label.text);
}

std::string FormatResult(const TestResult& result, bool colour) {
  std::string text = VerdictMark(result, colour);
  absl::StrAppend(&text, LabelOf(result).text.size() > 4 ? " " : "  ", result.plan, " / ", result.name);
  if (result.verdict == Verdict::kSkipped) {
    absl::StrAppend(&text, "  ", Indented(result.reason, 6), "\n");
    return text;
  }
  absl::StrAppend(&text, "  ", Duration(result.duration), DescribeTries(result), "\n");
  if (!result.reason.empty()) absl::StrAppend(&text, "      ", Indented(result.reason, 6), "\n");
  for (const verdict::Note& note : result.notes) {
    absl::StrAppend(&text, "      ", ToString(note.mark), ": ", note.what, ": ", Indented(note.text, 8),
                    "\n");
  }
  for (const verdict::Failure& failure : result.failures) AppendFailure(failure, text);
  if (!result.artifacts.empty()) absl::StrAppend(&text, "      artifacts: ", result.artifacts, "\n");
  return text;
}

void Report::Started(const std::string& plan, const std::string& name) {
  if (style_.columns == 0) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  running_.push_back(absl::StrCat(plan, " / ", name));
  EraseProgress();
  DrawProgress();
  stream_.flush();
}

void Report::Add(const TestResult& result) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CountIn(result, counts_);
  ++done_;
  const auto running =
      std::find(running_.begin(), running_.end(), absl::StrCat(result.plan, " / ", result.name));
  if (running != running_.end()) running_.erase(running);
  EraseProgress();
  // A test that did not run is only counted.
  if (result.verdict != Verdict::kNotRun) {
    const std::string text = FormatResult(result, style_.colour);
    stream_ << text;
    if (result.IsBad()) bad_ += text;
    is_bad_last_ = bad_.empty() || (result.IsBad() && is_bad_last_);
  }
  DrawProgress();
  stream_.flush();
}

void Report::EraseProgress() {
  if (std::exchange(is_drawn_, false)) stream_ << kEraseLine;
}

void Report::DrawProgress() {
  if (style_.columns == 0 || done_ == tests_) return;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_).count();
  std::string text = absl::StrCat(done_, " of ", tests_);
  if (counts_.failed > 0) absl::StrAppend(&text, ", ", counts_.failed, " failed");
  absl::StrAppend(&text, ", ", seconds, " s");
  if (!running_.empty()) absl::StrAppend(&text, "  ", running_.front());
  // A line as wide as the terminal could wrap.
  stream_ << Cut(text, style_.columns - 1);
  is_drawn_ = true;
}

void Report::Finish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  EraseProgress();
  if (!bad_.empty() && !is_bad_last_) stream_ << "\nWhat failed:\n" << bad_;
  stream_.flush();
}

Counts Report::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return counts_;
}

}  // namespace bpfrig::client::report
