// compose.yaml on a machine with cgroup2 alone, as most have. Runs in a guest (`./dev kernels --containers`),
// with a Docker engine of its own and the images that were made outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "tests/containers/compose_file.h"
#include "tests/containers/compose_project.h"
#include "tests/containers/docker.h"
#include "tests/guests/engine.h"
#include "tests/reliability/busy_sandbox.h"
#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCgroups[] = "/sys/fs/cgroup";
// A guest without KVM is slow.
constexpr std::chrono::minutes kLong{10};

// An engine for all tests. It has run a container before the first one, so that what it keeps for good is
// there.
class Engine : public ::testing::Environment {
 public:
  void SetUp() override {
    process_.emplace(Subprocess::Start(
        {"sh", "-c",
         "exec dockerd --storage-driver vfs --bridge none --userland-proxy=false --iptables=false "
         "--ip6tables=false --ip-forward=false "
         "--ip-masq=false >/tmp/dockerd.log 2>&1"}));
    ASSERT_TRUE(WaitUntil(kDockerPatience, [] { return Docker({"version"}).status == 0; }))
        << ReadAll("/tmp/dockerd.log");
    const Outcome loaded = Docker({"load", "--quiet", "--input", std::getenv(kImagesVariable)}, kLong);
    ASSERT_EQ(loaded.status, 0) << loaded.output << ReadAll("/tmp/dockerd.log");
    const Outcome ran = Docker({"run", "--rm", "--network", "none", "bpfrig", "--version"}, kLong);
    ASSERT_EQ(ran.status, 0) << ran.output << ReadAll("/tmp/dockerd.log");
  }
  void TearDown() override {
    process_->Signal(SIGTERM);
    (void)process_->Wait(kLong);
  }

 private:
  std::optional<Subprocess> process_;
};

const auto* const engine = ::testing::AddGlobalTestEnvironment(new Engine);

// Folders below the cgroup mount whose name begins so.
std::vector<fs::path> CgroupsNamed(const std::string& beginning) {
  std::vector<fs::path> found;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(kCgroups, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().rfind(beginning, 0) == 0 && entry->is_directory(error)) {
      found.push_back(entry->path());
    }
  }
  return found;
}

// With either cgroup namespace: Docker's own choice, and that of hosts which were set up for older ones.
class CgroupNamespace : public ::testing::TestWithParam<std::string> {
 protected:
  // With options of the daemon: "[--flag, value]".
  void Up(const std::string& options = "[]") {
    folder_.Write("compose.yaml",
                  "services: {bpfrigd: {cgroup: " + GetParam() + ", command: " + options + "}}\n");
    project_.SetFiles({BPFRIG_SOURCE "/compose.yaml", folder_.Path() + "/compose.yaml"});
    project_.SetEnvironment({"BPFRIG_SOCKET_DIR=" + folder_.Path()});
    project_.Up();
  }
  [[nodiscard]] std::string Target() const { return "unix:" + folder_.Path() + "/bpfrig.sock"; }

  const Folder folder_{"cgroups"};
  ComposeProject project_;
};

void ExpectOk(const grpc::Status& status) { EXPECT_TRUE(status.ok()) << status.error_message(); }

TEST_P(CgroupNamespace, ShippedPlansPass) {
  Up();
  const Outcome outcome =
      project_.Compose({"run", "--rm", "client", "run", "--control=never", "plans/"}, kLong);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(" passed, 0 failed"));
}

// Less than the container's, so that a sandbox meets it first.
constexpr char kLittleMemory[] = "[--max-sandbox-memory, 96MiB, --max-map-memory, 64MiB]";

TEST_P(CgroupNamespace, SandboxesAreLimited) {
  Up(kLittleMemory);
  const Outcome info = project_.Compose({"run", "--rm", "client", "info"});
  EXPECT_EQ(info.status, 0) << info.output;
  EXPECT_THAT(info.output, HasSubstr("each with at most 96 MiB of memory (memory.max), each with at most 16 "
                                     "processes (pids.max)"));
  Caller caller(Target());
  BusySandbox sandbox(caller, {});
  ExpectOk(sandbox.Fill());
  const std::vector<fs::path> cgroups = CgroupsNamed("sandbox-");
  ASSERT_FALSE(cgroups.empty());
  for (const fs::path& cgroup : cgroups) {
    EXPECT_EQ(ReadAll(cgroup / "memory.max"), std::to_string(96 << 20) + "\n") << cgroup;
    EXPECT_EQ(ReadAll(cgroup / "pids.max"), "16\n") << cgroup;
  }
}

TEST_P(CgroupNamespace, ASandboxWithoutMemoryDiesAlone) {
  Up(kLittleMemory);
  Caller caller(Target());
  BusySandbox hog(caller, {}), other(caller, {});
  ExpectOk(hog.Fill());
  ExpectOk(other.Fill());
  grpc::Status status;
  for (int megabyte = 0; megabyte < 128 && status.ok(); ++megabyte) status = hog.Keep(1 << 20);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(hog.WaitForEnd().reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
  ExpectOk(other.Keep(1));
}

TEST_P(CgroupNamespace, NothingStaysAfterAKill) {
  Up();
  Caller caller(Target());
  BusySandbox sandbox(caller, {});
  ExpectOk(sandbox.Fill());
  EXPECT_FALSE(CgroupsNamed("bpfrig-").empty());
  ASSERT_EQ(project_.Compose({"kill", "bpfrigd"}).status, 0);
  EXPECT_TRUE(WaitUntil(std::chrono::seconds(30), [] { return CgroupsNamed("bpfrig-").empty(); }));
  Up();
  EXPECT_EQ(project_.Compose({"run", "--rm", "client", "health"}).status, 0);
}

INSTANTIATE_TEST_SUITE_P(Containers, CgroupNamespace, ::testing::Values("private", "host"),
                         [](const auto& test) { return test.param; });

TEST(Containers, DoctorMissesNothing) {
  const Outcome doctor = Docker(Arguments{"run", "--rm"} + ComposeOptions() + Arguments{"bpfrig", "doctor"});
  EXPECT_EQ(doctor.status, 0) << doctor.output;
  EXPECT_THAT(doctor.output, Not(HasSubstr("FAIL")));
}

}  // namespace
}  // namespace bpfrig::tests
