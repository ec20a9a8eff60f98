// What a run prints: a line for each test when its result comes, below it what went wrong, and at the end
// once more what went wrong, so that the last screen is enough. On a terminal the last line shows how far the
// run is.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "client/verdict/test_result.h"

namespace bpfrig::client::report {

struct Counts {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
  size_t rig_errors = 0;
  size_t not_run = 0;
  // Of those that passed.
  size_t flaky = 0;
};

void CountIn(const verdict::TestResult& result, Counts& counts);

// "3 passed, 1 failed", and the other counts.
[[nodiscard]] std::string Summary(const Counts& counts);

// "PASS", "FAIL", "FLAKY", in the terminal's colours if it is to have them.
[[nodiscard]] std::string VerdictMark(const verdict::TestResult& result, bool colour);
// "12 ms", "12.3 s".
[[nodiscard]] std::string Duration(std::chrono::microseconds duration);
// ", passed at try 2", ", failed 3 times"; empty if it was tried once.
[[nodiscard]] std::string DescribeTries(const verdict::TestResult& result);

// A test's line and what went wrong below it.
[[nodiscard]] std::string FormatResult(const verdict::TestResult& result, bool colour);

struct Style {
  bool colour = false;
  // The width of the terminal, for a line that shows how far the run is; 0: without one.
  size_t columns = 0;
};

// Its methods may be called from any thread.
class Report {
 public:
  // `stream` outlives the report.
  Report(std::ostream& stream, Style style, size_t tests)
      : stream_(stream), style_(style), tests_(tests), start_(std::chrono::steady_clock::now()) {}

  void Started(const std::string& plan, const std::string& name);
  void Add(const verdict::TestResult& result);
  // Nothing comes any more: shows once more what went wrong, if other results stand below it.
  void Finish();
  [[nodiscard]] Counts counts() const;

 private:
  void EraseProgress();
  void DrawProgress();

  std::ostream& stream_;
  const Style style_;
  const size_t tests_;
  const std::chrono::steady_clock::time_point start_;
  mutable std::mutex mutex_;
  Counts counts_;
  size_t done_ = 0;
  bool is_drawn_ = false;
  // Oldest first.
  std::vector<std::string> running_;
  // What went wrong, as it was printed.
  std::string bad_;
  bool is_bad_last_ = true;
};

}  // namespace bpfrig::client::report
