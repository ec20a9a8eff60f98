// Before the first test: the images are built as a user builds them, and the engine has run a container, so
// that everything that it keeps for good exists before the first comparison.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/containers/docker.h"

namespace bpfrig::tests {
namespace {

class Images : public ::testing::Environment {
 public:
  void SetUp() override {
    const Outcome built =
        Docker({"compose", "--project-directory", BPFRIG_SOURCE, "--profile", "client", "build", "--quiet"},
               std::chrono::minutes(35));
    ASSERT_EQ(built.status, 0) << built.output;
    const Outcome started =
        Docker({"run", "--rm", "--network", "none", "--entrypoint", "bpfrigd", "bpfrig", "--version"});
    ASSERT_EQ(started.status, 0) << started.output;
  }
};

const auto* const images = ::testing::AddGlobalTestEnvironment(new Images);

}  // namespace
}  // namespace bpfrig::tests
