// What a run prints: a line for each test, below it what went wrong, and the count at the end. Results come
// from any thread in any order; they are printed in the plans' order, each as soon as those before it are.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
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
};

void CountIn(verdict::Verdict verdict, Counts& counts);

// "3 passed, 1 failed", and the other counts.
[[nodiscard]] std::string Summary(const Counts& counts);

// "PASS", "FAIL", in the terminal's colours if it is to have them.
[[nodiscard]] std::string VerdictMark(verdict::Verdict verdict, bool colour);
// A test's line and what went wrong below it.
[[nodiscard]] std::string FormatResult(const verdict::TestResult& result, bool colour);

class Report {
 public:
  // `stream` outlives the report.
  Report(std::ostream& stream, bool colour, size_t tests)
      : stream_(stream), colour_(colour), waiting_(tests) {}

  void Add(size_t index, verdict::TestResult result);
  [[nodiscard]] Counts counts() const;

 private:
  void PrintReady();

  std::ostream& stream_;
  const bool colour_;
  mutable std::mutex mutex_;
  // Not printed yet, by index.
  std::vector<std::optional<verdict::TestResult>> waiting_;
  size_t printed_ = 0;
  Counts counts_;
};

}  // namespace bpfrig::client::report
