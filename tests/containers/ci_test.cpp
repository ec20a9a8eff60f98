// The examples of docs/ci, run as their CI services would run them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/containers/ci_job.h"
#include "tests/containers/compose_file.h"
#include "tests/containers/docker.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr char kToken[] = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
constexpr char kDaemonImage[] = "registry.example.com/bpfrig:0.1.0";
constexpr char kClientImage[] = "registry.example.com/bpfrig-client:0.1.0";

// The images under the examples' names, and a checkout with plans and with objects as if a step had built
// them.
class CiTest : public ::testing::Test {
 protected:
  CiTest() {
    EXPECT_EQ(Docker({"tag", "bpfrig", kDaemonImage}).status, 0);
    EXPECT_EQ(Docker({"tag", "bpfrig-client", kClientImage}).status, 0);
    namespace fs = std::filesystem;
    fs::copy(BPFRIG_SOURCE "/plans/mesh", checkout_.Path() + "/plans");
    fs::create_directory(checkout_.Path() + "/bpf");
    for (const auto& object : fs::directory_iterator(BPFRIG_BPF_OBJECTS)) {
      if (object.path().extension() == ".o") fs::copy(object, checkout_.Path() + "/bpf");
    }
    checkout_.Write("bpf/Makefile", "all: sockops.bpf.o\n");
  }
  ~CiTest() override { EXPECT_EQ(Docker({"rmi", kDaemonImage, kClientImage}).status, 0); }

  // Runs a step in the checkout with that environment, like a runner.
  [[nodiscard]] Outcome Step(const std::string& commands,
                             const std::map<std::string, std::string>& environment = {}) const {
    Arguments command = {"env", "--chdir=" + checkout_.Path()};
    for (const auto& [name, value] : environment) command.push_back(name + "=" + value);
    return RunToEnd(command + Arguments{"bash", "-eo", "pipefail", "-c", commands}, kDockerPatience);
  }

  Folder checkout_{"checkout"};
};

TEST_F(CiTest, GithubServiceContainer) {
  const InternalNetwork network;
  const CiJob job = GithubJob(
      "service", {{"secrets.BPFRIG_TOKEN", kToken}, {"job.services.bpfrig.network", network.Name()}});
  ASSERT_EQ(job.services.size(), 1U);
  const Container daemon(RunArguments(job.services.front(), network.Name()));
  ASSERT_TRUE(daemon.WaitHealthy()) << daemon.Log();
  ASSERT_EQ(job.steps.size(), 2U);
  for (const std::string& step : job.steps) {
    const Outcome outcome = Step(step, job.environment);
    EXPECT_EQ(outcome.status, 0) << step << "\n" << outcome.output << daemon.Log();
  }
  // A caller without the token is refused, and the log does not show the token.
  std::map<std::string, std::string> stranger = job.environment;
  stranger["BPFRIG_TOKEN"] = "ffffffffffffffffffffffffffffffff";
  const Outcome refused = Step(job.steps.back(), stranger);
  EXPECT_EQ(refused.status, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("token"));
  EXPECT_THAT(daemon.Log(), Not(HasSubstr(kToken)));
  EXPECT_THAT(daemon.Log(), Not(HasSubstr(stranger["BPFRIG_TOKEN"])));
}

TEST_F(CiTest, GithubStep) {
  const CiJob job = GithubJob("step", {});
  ASSERT_EQ(job.steps.size(), 4U);
  for (const std::string& step : job.steps) {
    const Outcome outcome = Step(step);
    EXPECT_EQ(outcome.status, 0) << step << "\n" << outcome.output;
  }
}

TEST_F(CiTest, GitlabService) {
  const InternalNetwork network;
  const CiJob job = GitlabJob("bpf", {{"BPFRIG_TOKEN", kToken}});
  ASSERT_EQ(job.services.size(), 1U);
  const Container daemon(RunArguments(job.services.front(), network.Name()));
  // The job starts at once, as GitLab starts it: its first command waits.
  Arguments run = {"run",          "--rm",
                   "--network",    network.Name(),
                   "--volume",     checkout_.Path() + ":/work:ro",
                   "--workdir",    "/work",
                   "--entrypoint", ""};
  for (const auto& [name, value] : job.environment) run = run + Arguments{"--env", name + "=" + value};
  std::string script = "set -e\n";
  for (const std::string& step : job.steps) script += step + "\n";
  const Outcome outcome = Docker(run + Arguments{job.image, "sh", "-c", script});
  EXPECT_EQ(outcome.status, 0) << outcome.output << daemon.Log();
  EXPECT_THAT(outcome.output, HasSubstr(" passed, 0 failed"));
}

TEST_F(CiTest, GenericScript) {
  const Outcome outcome = Step(BPFRIG_SOURCE "/docs/ci/generic.sh");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(" passed, 0 failed"));
}

TEST_F(CiTest, EveryExampleGivesWhatComposeGives) {
  Arguments capabilities;
  for (const std::string& capability : ComposeCapabilities()) {
    capabilities = capabilities + Arguments{"--cap-add", capability};
  }
  const auto github =
      GithubJob("service", {{"secrets.BPFRIG_TOKEN", ""}, {"job.services.bpfrig.network", ""}});
  EXPECT_THAT(github.services.front().options, IsSupersetOf(capabilities));
  const auto gitlab = GitlabJob("bpf", {{"BPFRIG_TOKEN", ""}});
  EXPECT_THAT(gitlab.services.front().options, IsSupersetOf(capabilities));
}

}  // namespace
}  // namespace bpfrig::tests
