// Plans that must be refused or must fail, each with the exact words: tests/golden/run/NAME.yaml and
// NAME.expected. Those called control_* run with control runs. BPFRIG_UPDATE_GOLDEN=1 rewrites the expected
// files; read the difference before you commit it.
#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/e2e/kill_object.h"
#include "tests/e2e/rig.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;

std::string Folder() { return std::string(BPFRIG_SOURCE) + "/tests/golden/run"; }

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(Folder())) {
    const std::string name = entry.path().stem();
    if (name.rfind("kfunc_", 0) == 0 && !KernelCanKill()) continue;
    if (entry.path().extension() == ".yaml") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Whether the line is a verifier's, whose words depend on kernel and compiler; the one that counts is kept,
// and so are entries of maps and records.
bool IsVerifierLog(absl::string_view line) {
  return absl::ConsumePrefix(&line, std::string(20, ' ')) && !absl::StartsWith(line, "hint") &&
         !absl::StartsWith(line, "{") && !absl::StartsWith(line, "and ") &&
         !absl::StrContains(line, "unbounded memory access");
}

// The text without the parts that differ from run to run and from machine to machine.
std::string Normalised(std::string output) {
  RE2::GlobalReplace(&output, RE2::QuoteMeta(Folder() + "/"), "");
  RE2::GlobalReplace(&output, RE2::QuoteMeta(BPFRIG_TEST_OBJECTS "/"), "OBJECTS/");
  RE2::GlobalReplace(&output, " +[0-9.]+ m?s\n", "  TIME\n");
  RE2::GlobalReplace(&output, "in its [0-9]+ lines", "in its N lines");
  std::vector<std::string> lines = absl::StrSplit(output, '\n');
  lines.erase(std::remove_if(lines.begin(), lines.end(), IsVerifierLog), lines.end());
  return absl::StrJoin(lines, "\n");
}

TEST(GoldenTest, EveryRefusalSaysExactlyWhatItShould) {
  const Daemon daemon;
  // What only a running kernel can say: the numbers of its functions.
  const TemporaryFile by_number("kill_by_number.o", KillObject(1));
  const std::string made_now = fs::path(by_number.Path()).parent_path();
  const std::vector<std::string> names = Names();
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const bool is_control = absl::StartsWith(name, "control_");
    const Outcome outcome =
        RunToEnd({Binary("bpfrig"), "run", "-j", "1", "--control", is_control ? "always" : "never",
                  "--target", daemon.Target(), "-I", BPFRIG_TEST_OBJECTS, "-I", BPFRIG_BPF_OBJECTS, "-I",
                  made_now, Folder() + "/" + name + ".yaml"});
    const std::string actual =
        Normalised(outcome.output) + "exit status " + std::to_string(outcome.status) + "\n";
    const std::string path = Folder() + "/" + name + ".expected";
    if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
    EXPECT_EQ(actual, ReadAll(path));
  }
}

}  // namespace
}  // namespace bpfrig::tests
