// docker/engine itself: the leak check around this test sees what a private engine would leave.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>

#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

// The first private engine on a machine must be fetched, and its base image made.
constexpr std::chrono::minutes kFirstTime{10};

TEST(Engine, RunsACommandAndPassesItsStatusOn) {
  const Outcome outcome = RunToEnd(
      {BPFRIG_SOURCE "/docker/engine", "sh", "-c", "docker version --format {{.Server.Os}} && exit 7"},
      kFirstTime);
  EXPECT_EQ(outcome.status, 7) << outcome.output;
  EXPECT_NE(outcome.output.find("linux\n"), std::string::npos) << outcome.output;
}

class EngineSignal : public ::testing::TestWithParam<int> {};

TEST_P(EngineSignal, LeavesNothing) {
  Subprocess engine = Subprocess::Start({BPFRIG_SOURCE "/docker/engine", "sh", "-c",
                                         "docker info >/dev/null 2>&1 && echo up && exec tail -f /dev/null"});
  ASSERT_TRUE(engine.WaitForOutput("up\n", kFirstTime));
  engine.Signal(GetParam());
  EXPECT_EQ(engine.Wait(std::chrono::seconds(60)).status, 128 + GetParam());
}

INSTANTIATE_TEST_SUITE_P(End, EngineSignal, ::testing::Values(SIGINT, SIGTERM));

}  // namespace
}  // namespace bpfrig::tests
