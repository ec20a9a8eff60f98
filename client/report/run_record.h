// A whole run, for reports that are written once it is over.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/report/report.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::report {

struct RunRecord {
  std::chrono::system_clock::time_point started;
  std::chrono::microseconds duration{0};
  Counts counts;
  // In the plans' order.
  std::vector<verdict::TestResult> results;
};

// The tests of a plan on one kernel; there is at least one.
using Suite = std::vector<const verdict::TestResult*>;
// In the order of their first tests. The run outlives them.
[[nodiscard]] std::vector<Suite> SuitesOf(const RunRecord& run);

// "2026-01-31T09:30:00Z".
[[nodiscard]] std::string Timestamp(std::chrono::system_clock::time_point time);
[[nodiscard]] double Milliseconds(std::chrono::microseconds duration);
// "passed", "failed", "skipped", "rig error", "not run".
[[nodiscard]] std::string WordOf(verdict::Verdict verdict);
// The test's name within its plan, with the kernel that it ran on if that is told: "dials v6
// [6.1.0-50-cloud-amd64]".
[[nodiscard]] std::string NameWithKernel(const verdict::TestResult& result);
// What went wrong, as the terminal shows it below the test's line; empty if nothing did.
[[nodiscard]] std::string Details(const verdict::TestResult& result);

}  // namespace bpfrig::client::report
