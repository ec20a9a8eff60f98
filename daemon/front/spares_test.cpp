// Workers that are ready before anybody asks for a sandbox.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "daemon/front/testing/front_fixture.h"

namespace bpfrig::front {
namespace {

using internal::v1::CallRequest;

// Every front starts one to probe the kernel with.
constexpr size_t kProbe = 1;

class SparesTest : public FrontFixture {
 protected:
  void StartFrontWith(uint32_t spares, FrontOptions options = {}) {
    SetSpares(spares);
    StartFront([](FakeWorker&, ipc::MessageSocket&, const CallRequest&) {}, options);
    ASSERT_TRUE(AwaitSpares(spares));
  }
  v1::GetInfoResponse Info() {
    grpc::ClientContext context;
    v1::GetInfoResponse info;
    const grpc::Status status = stub().GetInfo(&context, {}, &info);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return info;
  }
  bool AwaitSpares(uint32_t count) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (Info().spare_sandboxes() != count) {
      if (absl::Now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
};

TEST_F(SparesTest, ASandboxTakesAWorkerThatIsReady) {
  StartFrontWith(1);
  supervisor().RefuseSpawns(absl::StatusCode::kFailedPrecondition, "making a cgroup: Permission denied");
  const OpenedSandbox sandbox(stub());
  EXPECT_NE(sandbox.id(), "");
  // There is none for the next one, which is told why.
  OpenedSandbox next(stub());
  EXPECT_EQ(next.id(), "");
  EXPECT_EQ(next.Finish().error_message(), "making a cgroup: Permission denied");
}

TEST_F(SparesTest, AnotherIsStartedInItsPlace) {
  StartFrontWith(2);
  const OpenedSandbox first(stub());
  const OpenedSandbox second(stub());
  EXPECT_TRUE(supervisor().AwaitSpawns(kProbe + 4));
  EXPECT_TRUE(AwaitSpares(2));
}

TEST_F(SparesTest, CountAsNobodysSandboxes) {
  StartFrontWith(2, {.limits = {.max_sandboxes = 1, .max_sandboxes_per_caller = 1},
                     .default_deadline = absl::Seconds(60)});
  EXPECT_EQ(Info().open_sandboxes(), 0u);
  const OpenedSandbox sandbox(stub());
  EXPECT_NE(sandbox.id(), "");
  EXPECT_EQ(Info().open_sandboxes(), 1u);
  OpenedSandbox next(stub());
  EXPECT_EQ(next.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(SparesTest, ASandboxWithLimitsOfItsOwnHasAWorkerOfItsOwn) {
  StartFrontWith(1);
  v1::OpenSandboxRequest request;
  request.mutable_limits()->set_open_files(100);
  const OpenedSandbox sandbox(stub(), request);
  EXPECT_NE(sandbox.id(), "");
  EXPECT_TRUE(supervisor().AwaitSpawns(kProbe + 2));
  EXPECT_EQ(Info().spare_sandboxes(), 1u);
}

TEST_F(SparesTest, ASandboxLearnsHowTheWorkerEndedThatItTook) {
  StartFrontWith(1);
  OpenedSandbox sandbox(stub());
  supervisor().Die(kProbe + 1, SIGSEGV);
  const auto ended = sandbox.AwaitEnd();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
  EXPECT_EQ(ended->signal_name(), "SIGSEGV");
}

TEST_F(SparesTest, OneThatDiesIsReplacedAndNobodyGetsIt) {
  StartFrontWith(1);
  supervisor().Die(kProbe + 1, SIGKILL);
  EXPECT_TRUE(supervisor().AwaitSpawns(kProbe + 2));
  EXPECT_TRUE(AwaitSpares(1));
  const OpenedSandbox sandbox(stub());
  EXPECT_NE(sandbox.id(), "");
}

TEST_F(SparesTest, EndWithTheFront) {
  StartFrontWith(2);
  EXPECT_TRUE(StopFront().ok());
}

}  // namespace
}  // namespace bpfrig::front
