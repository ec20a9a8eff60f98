// Plans that must be refused or must fail, each with the exact words. BPFRIG_UPDATE_GOLDEN=1 rewrites the
// expected files; read the difference before you commit it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/e2e/golden_plans.h"
#include "tests/e2e/kill_object.h"
#include "tests/e2e/rig.h"
#include "tests/support/bpf_features.h"
#include "tests/support/listed_sockets.h"

namespace bpfrig::tests {
namespace {

// The features that tests were skipped for, which the golden file does not know: "SKIP  plan / test  needs
// tcx: EINVAL".
std::set<std::string> MissingFeatures(const std::string& actual, const std::string& expected) {
  std::set<std::string> missing;
  std::istringstream lines(actual);
  for (std::string line; std::getline(lines, line);) {
    const size_t needs = line.find("  needs ");
    if (line.rfind("SKIP  ", 0) != 0 || needs == std::string::npos) continue;
    const std::string feature = line.substr(needs + 8, line.find(':', needs) - needs - 8);
    if (expected.find("  needs " + feature) == std::string::npos) missing.insert(feature);
  }
  return missing;
}

// What this kernel lacks of what the plan takes for granted; empty if that is nothing.
std::string MissingFor(const std::string& name) {
  // They count runs that the rig's own calls must not add to.
  if ((name == "own_calls" || name == "never_driven") && !KernelListsSockets()) return "sock_diag";
  if (name == "run_contexts" && !KernelRunsXdpWithContext()) return "contexts of xdp programs";
  if (name == "verifier_logs" && !KernelLogsRegistersFirst()) return "registers at the log's beginning";
  return "";
}

TEST(GoldenTest, EveryRefusalSaysExactlyWhatItShould) {
  const Daemon daemon;
  // What only a running kernel can say: the numbers of its functions.
  const TemporaryFile by_number("kill_by_number.o", KillObject(1));
  const std::string made_now = std::filesystem::path(by_number.Path()).parent_path();
  const std::vector<std::string> names = GoldenNames();
  ASSERT_FALSE(names.empty());
  std::string left_out;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    if (const std::string lacking = MissingFor(name); !lacking.empty()) {
      absl::StrAppend(&left_out, " ", name, " (", lacking, ")");
      continue;
    }
    const std::string actual = RunGolden(name, daemon.Target(), {made_now});
    if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(GoldenFolder() + "/" + name + ".expected") << actual;
    }
    const std::set<std::string> missing = MissingFeatures(actual, ExpectedOfGolden(name));
    for (const std::string& feature : missing) absl::StrAppend(&left_out, " ", name, " (", feature, ")");
    if (!missing.empty()) continue;
    EXPECT_EQ(actual, ExpectedOfGolden(name));
  }
  if (!left_out.empty())
    GTEST_SKIP() << "all are as they should be but those that need more of the kernel:" << left_out;
}

}  // namespace
}  // namespace bpfrig::tests
