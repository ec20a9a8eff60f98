// Plans that must be refused or must fail, each with the exact words. BPFRIG_UPDATE_GOLDEN=1 rewrites the
// expected files; read the difference before you commit it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/e2e/golden_plans.h"
#include "tests/e2e/kill_object.h"
#include "tests/e2e/rig.h"

namespace bpfrig::tests {
namespace {

TEST(GoldenTest, EveryRefusalSaysExactlyWhatItShould) {
  const Daemon daemon;
  // What only a running kernel can say: the numbers of its functions.
  const TemporaryFile by_number("kill_by_number.o", KillObject(1));
  const std::string made_now = std::filesystem::path(by_number.Path()).parent_path();
  const std::vector<std::string> names = GoldenNames();
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string actual = RunGolden(name, daemon.Target(), {made_now});
    if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(GoldenFolder() + "/" + name + ".expected") << actual;
    }
    EXPECT_EQ(actual, ExpectedOfGolden(name));
  }
}

}  // namespace
}  // namespace bpfrig::tests
