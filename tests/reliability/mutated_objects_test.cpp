// Broken objects through the whole daemon: whatever the bytes are, the answer is prompt and says what is
// wrong with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <vector>

#include "bpfrig/v1/error.pb.h"
#include "tests/reliability/busy_sandbox.h"
#include "tests/reliability/daemon_watch.h"
#include "tests/reliability/scale.h"
#include "tests/support/file.h"
#include "tests/support/mutated.h"

namespace bpfrig::tests {
namespace {

constexpr int kSeeds = 10;
constexpr std::chrono::seconds kAnswerLimit{5};
// A sandbox is replaced now and then: objects that load stay in it.
constexpr int kObjectsOfOneSandbox = 50;

std::vector<std::string> ShippedObjects() {
  std::vector<std::string> objects;
  for (const char* folder : {BPFRIG_BPF_OBJECTS, BPFRIG_TEST_OBJECTS}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".o") objects.push_back(ReadAll(entry.path()));
    }
  }
  // A directory has no order, and a seed names the same mutants every time.
  std::sort(objects.begin(), objects.end());
  return objects;
}

class MutatedObjects {
 public:
  explicit MutatedObjects(const Daemon& daemon) : caller_(daemon.Target()) {}

  void Load(const std::string& object) {
    if (loads_++ % kObjectsOfOneSandbox == 0 || sandbox_ == nullptr) {
      sandbox_ = std::make_unique<BusySandbox>(caller_, v1::OpenSandboxRequest());
    }
    const auto started = std::chrono::steady_clock::now();
    v1::LoadProgramResponse response;
    const grpc::Status status = sandbox_->Load("mutant" + std::to_string(loads_), object, {}, response);
    slowest_ = std::max(slowest_, std::chrono::duration<double>(std::chrono::steady_clock::now() - started));
    if (status.ok()) {
      response.has_loaded() ? ++loaded_ : ++refused_by_kernel_;
      return;
    }
    ++refused_;
    EXPECT_NE(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
    EXPECT_NE(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << status.error_message();
    // A worker that died takes its sandbox along, and is reported in words of its own.
    if (status.error_code() == grpc::StatusCode::ABORTED ||
        status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      ++workers_died_;
      sandbox_.reset();
    }
  }

  void ReportAll() const {
    EXPECT_LT(slowest_, kAnswerLimit);
    Report("mutated objects", std::to_string(loads_));
    Report("mutated objects that loaded", std::to_string(loaded_));
    Report("mutated objects that the kernel refused", std::to_string(refused_by_kernel_));
    Report("mutated objects that the daemon refused", std::to_string(refused_));
    Report("mutated objects that a worker died of", std::to_string(workers_died_));
    Report("mutated objects: slowest answer in seconds", std::to_string(slowest_.count()));
  }

 private:
  Caller caller_;
  std::unique_ptr<BusySandbox> sandbox_;
  int loads_ = 0;
  int loaded_ = 0;
  int refused_by_kernel_ = 0;
  int refused_ = 0;
  int workers_died_ = 0;
  std::chrono::duration<double> slowest_{0};
};

TEST(MutatedObjectsTest, GetAPromptAnswerThatIsNeverInternal) {
  const Daemon daemon;
  const SameDaemon same(daemon);
  MutatedObjects mutants(daemon);
  const std::vector<std::string> objects = ShippedObjects();
  ASSERT_FALSE(objects.empty());
  const int count = Scaled(40, 2000);
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random(static_cast<uint32_t>(seed));
    for (int i = 0; i < count; ++i) mutants.Load(Mutated(objects[random() % objects.size()], random));
  }
  mutants.ReportAll();
  EXPECT_TRUE(same.StillServes());
}

}  // namespace
}  // namespace bpfrig::tests
