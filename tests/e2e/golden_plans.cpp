#include "tests/e2e/golden_plans.h"

#include <re2/re2.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "tests/e2e/kill_object.h"
#include "tests/support/file.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;

// Whether the line is a verifier's, whose words depend on kernel and compiler; the one that counts is kept,
// and so are entries of maps and records.
bool IsVerifierLog(absl::string_view line) {
  return absl::ConsumePrefix(&line, std::string(20, ' ')) && !absl::StartsWith(line, "hint") &&
         !absl::StartsWith(line, "{") && !absl::StartsWith(line, "and ") &&
         !absl::StrContains(line, "unbounded memory access");
}

// The text without the parts that differ from run to run and from machine to machine.
std::string Normalised(std::string output) {
  RE2::GlobalReplace(&output, RE2::QuoteMeta(GoldenFolder() + "/"), "");
  RE2::GlobalReplace(&output, RE2::QuoteMeta(BPFRIG_TEST_OBJECTS "/"), "OBJECTS/");
  RE2::GlobalReplace(&output, " +[0-9.]+ m?s\n", "  TIME\n");
  RE2::GlobalReplace(&output, "in its [0-9]+ lines", "in its N lines");
  std::vector<std::string> lines = absl::StrSplit(output, '\n');
  lines.erase(std::remove_if(lines.begin(), lines.end(), IsVerifierLog), lines.end());
  return absl::StrJoin(lines, "\n");
}

}  // namespace

std::string GoldenFolder() { return std::string(BPFRIG_SOURCE) + "/tests/golden/run"; }

std::vector<std::string> GoldenNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(GoldenFolder())) {
    const std::string name = entry.path().stem();
    if (absl::StartsWith(name, "kfunc_") && !KernelCanKill()) continue;
    if (entry.path().extension() == ".yaml") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string RunGolden(const std::string& name, const std::string& target,
                      const std::vector<std::string>& object_folders) {
  std::vector<std::string> command = {
      std::string(BPFRIG_BIN) + "/bpfrig",
      "run",
      "-j",
      "1",
      "--control",
      absl::StartsWith(name, "control_") ? "always" : "never",
      "--target",
      target,
  };
  for (const std::string& folder : object_folders) command.insert(command.end(), {"-I", folder});
  command.insert(command.end(), {"-I", BPFRIG_TEST_OBJECTS, "-I", BPFRIG_BPF_OBJECTS,
                                 GoldenFolder() + "/" + name + ".yaml"});
  const Outcome outcome = RunToEnd(command);
  return Normalised(outcome.output) + "exit status " + std::to_string(outcome.status) + "\n";
}

std::string ExpectedOfGolden(const std::string& name) {
  return ReadAll(GoldenFolder() + "/" + name + ".expected");
}

}  // namespace bpfrig::tests
