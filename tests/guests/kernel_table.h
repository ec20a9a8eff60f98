// The results of test programs on several kernels, as the tables of docs/kernels.md.
#pragma once

#include <string>
#include <vector>

#include "tests/guests/gtest_report.h"

namespace bpfrig::tests {

struct KernelResults {
  // As it was asked for, and as it calls itself.
  std::string name;
  std::string release;
  // In the order of the programs.
  std::vector<ProgramResult> programs;
};

// One row for each program, one column for each kernel.
[[nodiscard]] std::string ResultsTable(const std::vector<std::string>& programs,
                                       const std::vector<KernelResults>& kernels);
// One row for each reason why tests were skipped, with how many on which kernel. Empty if none was.
[[nodiscard]] std::string SkippedTable(const std::vector<KernelResults>& kernels);
// The tests that failed, and the programs without a result, as they are told on a terminal.
[[nodiscard]] std::string FailuresOf(const std::string& kernel, const std::string& program,
                                     const ProgramResult& result);

}  // namespace bpfrig::tests
