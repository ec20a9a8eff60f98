// Sandboxes from opening to their end, however they end, through a real channel.
#include "daemon/front/rpc/lease.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <thread>

#include "daemon/front/testing/front_fixture.h"

namespace bpfrig::front {
namespace {

using internal::v1::CallRequest;

class LeaseTest : public FrontFixture {
 protected:
  grpc::Status Close(const std::string& sandbox, v1::CloseSandboxResponse& response) {
    grpc::ClientContext context;
    v1::CloseSandboxRequest request;
    request.set_sandbox(sandbox);
    return stub().CloseSandbox(&context, request, &response);
  }

  // Runs Attach on a thread, and waits until the worker has it.
  std::thread AttachInBackground(const std::string& sandbox, grpc::Status& status) {
    std::thread caller([this, sandbox, &status] { status = Attach(sandbox); });
    EXPECT_TRUE(WaitForAny({begun_.Get()}, absl::Now() + kPatience).ok());
    begun_.Clear();
    return caller;
  }

  // A call that takes until it is cancelled.
  FakeWorker::Script Wait() {
    return [this](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest&) {
      begun_.Signal();
      worker.AwaitCancel(call);
    };
  }

  // Outlives the workers, which end with the fixture.
  Event begun_ = *Event::Create();
};

void Nothing(FakeWorker&, ipc::MessageSocket&, const CallRequest&) {}

TEST_F(LeaseTest, ClosesWithALedgerOnceAndSaysSoOnTheLease) {
  StartFront(Nothing);
  OpenedSandbox sandbox(stub());
  v1::CloseSandboxResponse first;
  const grpc::Status status = Close(sandbox.id(), first);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(first.closed());
  ASSERT_EQ(first.programs_size(), 1);
  EXPECT_EQ(first.programs(0).program(), "object/program");
  const auto ended = sandbox.AwaitEnd();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_CLOSED);

  v1::CloseSandboxResponse second;
  EXPECT_TRUE(Close(sandbox.id(), second).ok());
  EXPECT_FALSE(second.closed());
  v1::CloseSandboxResponse never;
  EXPECT_TRUE(Close("0123456789abcdef", never).ok());
  EXPECT_FALSE(never.closed());
  EXPECT_EQ(DetailOf(Attach(sandbox.id())).reason(), v1::ERROR_REASON_UNKNOWN_NAME);
}

TEST_F(LeaseTest, AbortsCallsInFlightWhereTheSandboxIsClosed) {
  StartFront(Wait());
  OpenedSandbox sandbox(stub());
  grpc::Status status;
  std::thread caller = AttachInBackground(sandbox.id(), status);
  v1::CloseSandboxResponse response;
  EXPECT_TRUE(Close(sandbox.id(), response).ok());
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_SANDBOX_CLOSED);
}

TEST_F(LeaseTest, KillsTheSandboxAndAbortsItsCallsWhereTheClientLetsGo) {
  StartFront(Wait());
  ASSERT_TRUE(supervisor().AwaitKills(1));  // that of the probe
  OpenedSandbox sandbox(stub());
  grpc::Status status;
  std::thread caller = AttachInBackground(sandbox.id(), status);
  sandbox.Cancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_SANDBOX_CLOSED);
  EXPECT_TRUE(supervisor().AwaitKills(2));
  EXPECT_TRUE(supervisor().AwaitIdle());
  EXPECT_EQ(DetailOf(Attach(sandbox.id())).reason(), v1::ERROR_REASON_UNKNOWN_NAME);
}

TEST_F(LeaseTest, TellsEveryoneHowTheWorkerDied) {
  StartFront([](FakeWorker& worker, ipc::MessageSocket&, const CallRequest&) { worker.Die(SIGSEGV); });
  OpenedSandbox sandbox(stub());
  const grpc::Status status = Attach(sandbox.id());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_WORKER_DIED);
  EXPECT_NE(status.error_message().find("SIGSEGV"), std::string::npos) << status.error_message();
  const auto ended = sandbox.AwaitEnd();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_WORKER_DIED);
  EXPECT_EQ(ended->signal_name(), "SIGSEGV");

  const grpc::Status late = Attach(sandbox.id());
  EXPECT_EQ(DetailOf(late).reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  EXPECT_NE(late.error_message().find("SIGSEGV"), std::string::npos) << late.error_message();
  EXPECT_FALSE(DetailOf(late).hint().empty());
}

TEST_F(LeaseTest, TellsOfAWorkerThatDiesWithinAnAnswer) {
  StartFront([](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest&) {
    // A frame's header, and less than it promises.
    ASSERT_TRUE(ipc::SendBytes(call.Get(), absl::string_view("\x10\0\0\0half", 8), -1).ok());
    worker.Die(SIGABRT);
  });
  const OpenedSandbox sandbox(stub());
  const grpc::Status status = Attach(sandbox.id());
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_WORKER_DIED);
  EXPECT_NE(status.error_message().find("SIGABRT"), std::string::npos) << status.error_message();
}

TEST_F(LeaseTest, KillsAWorkerThatHangsPastACallsDeadline) {
  StartFront([](FakeWorker& worker, ipc::MessageSocket&, const CallRequest&) { worker.Hang(); },
             {.limits = {.max_sandboxes = 4, .max_sandboxes_per_caller = 4},
              .default_deadline = absl::Milliseconds(200)});
  OpenedSandbox sandbox(stub());
  const grpc::Status status = Attach(sandbox.id());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_WORKER_DIED);
  EXPECT_NE(status.error_message().find("hung in Attach"), std::string::npos) << status.error_message();
  const auto ended = sandbox.AwaitEnd();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_WORKER_HUNG);
  EXPECT_TRUE(supervisor().AwaitIdle());
}

TEST_F(LeaseTest, SaysOfAWorkerThatDoesNotDieThatItStillRunsAndCountsIt) {
  StartFront([](FakeWorker& worker, ipc::MessageSocket&, const CallRequest&) { worker.Hang(); },
             {.limits = {.max_sandboxes = 1, .max_sandboxes_per_caller = 1},
              .default_deadline = absl::Milliseconds(200)});
  // Until then the one sandbox is the front's own.
  ASSERT_TRUE(supervisor().AwaitReady());
  OpenedSandbox sandbox(stub());
  supervisor().SpareWorkers(true);
  EXPECT_NE(Attach(sandbox.id()).error_message().find("still runs in the kernel"), std::string::npos);
  const auto ended = sandbox.AwaitEnd();
  ASSERT_TRUE(ended.has_value());
  EXPECT_NE(ended->message().find("still runs in the kernel"), std::string::npos) << ended->message();
  v1::GetInfoResponse info;
  grpc::ClientContext context;
  ASSERT_TRUE(stub().GetInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.open_sandboxes(), 0u);
  EXPECT_EQ(info.stuck_sandboxes(), 1u);
  OpenedSandbox refused(stub());
  EXPECT_EQ(refused.Finish().error_message(),
            "opening a sandbox: 0 are open already, and 1 that have ended still run a program in the kernel");
}

TEST_F(LeaseTest, ClosesAWorkerThatTakesNothingInASecond) {
  StartFront([this](FakeWorker& worker, ipc::MessageSocket&, const CallRequest&) {
    worker.StopTaking();
    begun_.Signal();
    worker.Hang();
  });
  OpenedSandbox sandbox(stub());
  grpc::Status attached;
  std::thread caller = AttachInBackground(sandbox.id(), attached);
  const absl::Time begin = absl::Now();
  v1::CloseSandboxResponse response;
  const grpc::Status status = Close(sandbox.id(), response);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10)) << "far from the default deadline";
  EXPECT_EQ(status.error_message(),
            "the sandbox ended: its worker did not take CloseSandbox for 1s, and was killed");
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_WORKER_DIED);
  caller.join();
  EXPECT_EQ(attached.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_TRUE(supervisor().AwaitIdle());
}

TEST_F(LeaseTest, KillsAWorkerThatHangsPastTheClientsOwnDeadline) {
  StartFront([](FakeWorker& worker, ipc::MessageSocket&, const CallRequest&) { worker.Hang(); });
  OpenedSandbox sandbox(stub());
  EXPECT_EQ(Attach(sandbox.id(), absl::Milliseconds(200)).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  const auto ended = sandbox.AwaitEnd();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_WORKER_HUNG);
}

TEST_F(LeaseTest, DoesNotBlameACallForAnotherThatKeepsTheWorkerBusy) {
  StartFront([&](FakeWorker& worker, ipc::MessageSocket&, const CallRequest& request) {
    if (!request.has_attach()) return;
    begun_.Signal();
    worker.Hang();  // as a long load does
  });
  OpenedSandbox sandbox(stub());
  grpc::Status attached;
  std::thread caller = AttachInBackground(sandbox.id(), attached);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(100)));
  v1::ReceiveRequest request;
  request.set_sandbox(sandbox.id());
  request.mutable_at()->set_connection("c");
  v1::ReceiveResponse response;
  EXPECT_EQ(stub().Receive(&context, request, &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // Past the second that a hung worker has: one more call, to see time go by.
  grpc::ClientContext later;
  later.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(1500)));
  EXPECT_EQ(stub().Receive(&later, request, &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  v1::GetInfoResponse info;
  grpc::ClientContext info_context;
  ASSERT_TRUE(stub().GetInfo(&info_context, {}, &info).ok());
  EXPECT_EQ(info.open_sandboxes(), 1u);
  sandbox.Cancel();
  caller.join();
  EXPECT_EQ(attached.error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(LeaseTest, ALaterCallExcusesADumpThatItsDeadlineEndsUnlessTheDumpConsumes) {
  StartFront([this](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest& request) {
    begun_.Signal();
    if (request.has_dump_map()) return worker.AwaitCancel(call);
    worker.Hang();
  });
  for (const bool consume : {false, true}) {
    OpenedSandbox sandbox(stub());
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(1)));
    v1::DumpMapRequest request;
    request.set_sandbox(sandbox.id());
    request.set_map("m");
    request.set_consume(consume);
    const auto dump = stub().DumpMap(&context, request);
    ASSERT_TRUE(WaitForAny({begun_.Get()}, absl::Now() + kPatience).ok());
    begun_.Clear();
    grpc::Status attached;
    std::thread caller = AttachInBackground(sandbox.id(), attached);
    EXPECT_EQ(dump->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    if (consume) {
      const auto ended = sandbox.AwaitEnd();
      ASSERT_TRUE(ended.has_value());
      EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_WORKER_HUNG);
    } else {
      // Past the second that a hung worker has: one more call, to see time go by.
      grpc::ClientContext later;
      later.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(1500)));
      v1::ReceiveRequest receive;
      receive.set_sandbox(sandbox.id());
      receive.mutable_at()->set_connection("c");
      v1::ReceiveResponse response;
      EXPECT_EQ(stub().Receive(&later, receive, &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
      sandbox.Cancel();
    }
    caller.join();
    EXPECT_EQ(attached.error_code(), consume ? grpc::StatusCode::UNAVAILABLE : grpc::StatusCode::ABORTED);
  }
}

TEST_F(LeaseTest, LeavesNothingWhereAWorkerCannotBeStarted) {
  StartFront(Nothing, {.limits = {.max_sandboxes = 1, .max_sandboxes_per_caller = 1},
                       .default_deadline = absl::Seconds(60)});
  ASSERT_TRUE(supervisor().AwaitReady());
  supervisor().RefuseSpawns(absl::StatusCode::kFailedPrecondition, "making a cgroup: Permission denied");
  for (int i = 0; i < 3; ++i) {  // more than there may be sandboxes
    OpenedSandbox sandbox(stub());
    EXPECT_EQ(sandbox.id(), "");
    const grpc::Status status = sandbox.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(status.error_message(), "making a cgroup: Permission denied");
    EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_KERNEL_REFUSED);
  }
}

TEST_F(LeaseTest, HoldsToTheLimitOfSandboxes) {
  StartFront(Nothing, {.limits = {.max_sandboxes = 2, .max_sandboxes_per_caller = 2},
                       .default_deadline = absl::Seconds(60)});
  ASSERT_TRUE(supervisor().AwaitReady());
  auto first = std::make_unique<OpenedSandbox>(stub());
  const OpenedSandbox second(stub());
  ASSERT_NE(first->id(), "");
  ASSERT_NE(second.id(), "");
  OpenedSandbox third(stub());
  const grpc::Status status = third.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_LIMIT_REACHED);
  v1::CloseSandboxResponse closed;
  ASSERT_TRUE(Close(first->id(), closed).ok());
  const OpenedSandbox fourth(stub());
  EXPECT_NE(fourth.id(), "");
}

TEST_F(LeaseTest, RefusesABadRequestWithItsField) {
  StartFront(Nothing);
  v1::OpenSandboxRequest request;
  request.add_addresses("nonsense");
  OpenedSandbox sandbox(stub(), request);
  const grpc::Status status = sandbox.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf(status).field(), "addresses[0]");
}

TEST_F(LeaseTest, ShutsDownWhileCallsRun) {
  StartFront(Wait());
  OpenedSandbox sandbox(stub());
  OpenedSandbox idle(stub());
  grpc::Status status;
  std::thread caller = AttachInBackground(sandbox.id(), status);
  const absl::Time begin = absl::Now();
  const absl::Status result = StopFront();
  EXPECT_TRUE(result.ok()) << result;
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_SANDBOX_CLOSED);
  for (OpenedSandbox* each : {&sandbox, &idle}) {
    const auto ended = each->AwaitEnd();
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->reason(), v1::SANDBOX_END_REASON_SHUTDOWN);
  }
  EXPECT_TRUE(supervisor().AwaitIdle());
}

TEST_F(LeaseTest, EndsWhereTheSupervisorLeaves) {
  StartFront(Wait());
  OpenedSandbox sandbox(stub());
  grpc::Status status;
  std::thread caller = AttachInBackground(sandbox.id(), status);
  supervisor().Leave();
  EXPECT_TRUE(AwaitEnd().ok());
  caller.join();
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace bpfrig::front
