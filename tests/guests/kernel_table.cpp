#include "tests/guests/kernel_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace bpfrig::tests {
namespace {

std::string InCell(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}}); }

std::string Row(const std::vector<std::string>& cells) {
  return absl::StrCat("| ", absl::StrJoin(cells, " | "), " |\n");
}

std::string Cell(const ProgramResult& result) {
  if (!result.failure.empty()) return "no result";
  size_t skipped = 0;
  for (const auto& [reason, names] : result.skipped) skipped += names.size();
  std::string cell = absl::StrCat(result.passed, " passed");
  if (!result.failed.empty()) absl::StrAppend(&cell, ", ", result.failed.size(), " failed");
  if (skipped > 0) absl::StrAppend(&cell, ", ", skipped, " skipped");
  return absl::StrFormat("%s, %.0f s", cell, std::chrono::duration<double>(result.time).count());
}

std::string Header(const std::string& first, const std::vector<KernelResults>& kernels) {
  std::vector<std::string> cells = {first};
  for (const KernelResults& kernel : kernels) {
    cells.push_back(kernel.release.empty() ? kernel.name : kernel.release);
  }
  return Row(cells) + "|" + absl::StrJoin(std::vector<std::string>(cells.size(), "---"), "|") + "|\n";
}

// How many tests of all programs gave each reason.
std::map<std::string, size_t> SkippedOn(const KernelResults& kernel) {
  std::map<std::string, size_t> counts;
  for (const ProgramResult& program : kernel.programs) {
    for (const auto& [reason, names] : program.skipped) counts[reason] += names.size();
  }
  return counts;
}

}  // namespace

std::string ResultsTable(const std::vector<std::string>& programs,
                         const std::vector<KernelResults>& kernels) {
  std::string table = Header("tests", kernels);
  for (size_t i = 0; i < programs.size(); ++i) {
    std::vector<std::string> cells = {absl::StrCat("`", programs[i], "`")};
    for (const KernelResults& kernel : kernels) cells.push_back(Cell(kernel.programs.at(i)));
    table += Row(cells);
  }
  return table;
}

std::string SkippedTable(const std::vector<KernelResults>& kernels) {
  std::map<std::string, std::vector<std::string>> rows;
  for (size_t i = 0; i < kernels.size(); ++i) {
    for (const auto& [reason, count] : SkippedOn(kernels[i])) {
      std::vector<std::string>& cells = rows[reason];
      cells.resize(kernels.size());
      cells[i] = absl::StrCat(count);
    }
  }
  if (rows.empty()) return "";
  std::string table = Header("skipped, because", kernels);
  for (auto& [reason, cells] : rows) {
    cells.insert(cells.begin(), InCell(reason));
    table += Row(cells);
  }
  return table;
}

std::string FailuresOf(const std::string& kernel, const std::string& program, const ProgramResult& result) {
  std::string text;
  if (!result.failure.empty()) absl::StrAppend(&text, "FAIL  ", kernel, "  ", program, "\n", result.failure);
  for (const FailedTest& test : result.failed) {
    absl::StrAppend(&text, "FAIL  ", kernel, "  ", program, "  ", test.name, "\n", test.message);
  }
  return text;
}

}  // namespace bpfrig::tests
