// What a test program of ours said of itself: GoogleTest's report in XML.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bpfrig::tests {

struct FailedTest {
  // "Suite.Name".
  std::string name;
  std::string message;
};

struct ProgramResult {
  int passed = 0;
  std::vector<FailedTest> failed;
  // The names of the tests that were skipped, by the reason that they gave.
  std::map<std::string, std::vector<std::string>> skipped;
  std::chrono::milliseconds time{0};
  // Why there is no result; empty if there is one.
  std::string failure;
};

// Adds what another part of the same program came to.
void Merge(ProgramResult part, ProgramResult& whole);

// INVALID_ARGUMENT if it is not such a report.
[[nodiscard]] absl::StatusOr<ProgramResult> ReadGtestReport(const std::string& xml);

}  // namespace bpfrig::tests
