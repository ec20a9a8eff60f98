// The RPCs through a real channel: what a client gets, and what a worker sees.
#include "daemon/front/rpc/service.h"

#include <fcntl.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/front/testing/front_fixture.h"
#include "proto/rules/call_traits.h"

namespace bpfrig::front {
namespace {

using internal::v1::CallReply;
using internal::v1::CallRequest;

class ServiceTest : public FrontFixture {
 protected:
  // Outlive the workers, which end with the fixture.
  Event begun_ = *Event::Create();
  Event cancelled_ = *Event::Create();
};

// Attaches as asked.
void AnswerAttach(FakeWorker&, ipc::MessageSocket& call, const CallRequest& request) {
  CallReply reply;
  reply.mutable_attach()->mutable_link()->set_program(request.attach().target().program());
  Answer(call, reply);
}

TEST_F(ServiceTest, PassesAUnaryCallToTheWorkerAndItsAnswerBack) {
  StartFront(AnswerAttach);
  const OpenedSandbox sandbox(stub());
  EXPECT_EQ(sandbox.id().size(), 16u);
  grpc::ClientContext context;
  v1::AttachRequest request;
  request.set_sandbox(sandbox.id());
  request.mutable_target()->set_program("object/program");
  v1::AttachResponse response;
  const grpc::Status status = stub().Attach(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.link().program(), "object/program");
}

TEST_F(ServiceTest, PassesAnErrorsDetailEvenWhereItIsLong) {
  const std::string message = "there is no map x; there are: " + std::string(20'000, 'm');
  StartFront([&](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    CallReply last;
    last.mutable_finished()->set_code(static_cast<int>(absl::StatusCode::kNotFound));
    last.mutable_finished()->set_message(message);
    last.mutable_finished()->mutable_detail()->set_reason(v1::ERROR_REASON_UNKNOWN_NAME);
    last.mutable_finished()->mutable_detail()->set_hint(std::string(5000, 'h'));
    last.mutable_finished()->mutable_detail()->set_field("target.map");
    EXPECT_TRUE(call.Send(last).ok());
  });
  const OpenedSandbox sandbox(stub());
  const grpc::Status status = Attach(sandbox.id());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message().substr(0, 100), message.substr(0, 100));
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  EXPECT_EQ(DetailOf(status).field(), "target.map");
}

TEST_F(ServiceTest, RefusesWhatIsWrongByItselfWithoutAskingAWorker) {
  StartFront(
      [](FakeWorker&, ipc::MessageSocket&, const CallRequest&) { ADD_FAILURE() << "a worker was asked"; });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::AttachRequest request;
  request.set_sandbox(sandbox.id());
  v1::AttachResponse response;
  const grpc::Status status = stub().Attach(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf(status).field(), "target.program");
}

TEST_F(ServiceTest, SaysSoWhereThereIsNoSuchSandbox) {
  StartFront(AnswerAttach);
  const grpc::Status status = Attach("0123456789abcdef");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  EXPECT_EQ(DetailOf(status).field(), "sandbox");
  EXPECT_EQ(DetailOf(status).object(), "0123456789abcdef");
  EXPECT_FALSE(DetailOf(status).hint().empty());
}

TEST_F(ServiceTest, PassesAnObjectAsASealedFile) {
  const std::string object(3'000'000, 'o');
  StartFront([&](FakeWorker&, ipc::MessageSocket& call, const CallRequest& request) {
    EXPECT_EQ(request.load_program().name(), "o");
    EXPECT_TRUE(request.load_program().object().empty());
    const common::Fd file = call.TakeFd();
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    EXPECT_EQ(::fcntl(file.Get(), F_GET_SEALS) & kSeals, kSeals);
    std::string content(object.size() + 1, '\0');
    const ssize_t size = ::read(file.Get(), content.data(), content.size());
    content.resize(size < 0 ? 0 : static_cast<size_t>(size));
    EXPECT_EQ(content, object);
    CallReply reply;
    reply.mutable_load_program()->mutable_loaded()->set_log("done");
    Answer(call, reply);
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::LoadProgramRequest request;
  request.set_sandbox(sandbox.id());
  request.set_name("o");
  request.set_object(object);
  v1::LoadProgramResponse response;
  const grpc::Status status = stub().LoadProgram(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.loaded().log(), "done");
}

TEST_F(ServiceTest, RefusesMessagesThatAreTooLarge) {
  StartFront(AnswerAttach);
  const OpenedSandbox sandbox(stub());
  for (const size_t size : {size_t{16 * 1024 * 1024 + 1}, size_t{25 * 1024 * 1024}}) {
    grpc::ClientContext context;
    v1::LoadProgramRequest request;
    request.set_sandbox(sandbox.id());
    request.set_name("o");
    request.set_object(std::string(size, 'o'));
    v1::LoadProgramResponse response;
    const grpc::Status status = stub().LoadProgram(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << size;
  }
  EXPECT_TRUE(Attach(sandbox.id()).ok());
}

TEST_F(ServiceTest, RunsManyCallsAtATime) {
  StartFront(AnswerAttach);
  const OpenedSandbox sandbox(stub());
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 32; ++i) {
    clients.emplace_back([&] {
      for (int j = 0; j < 10; ++j) succeeded += Attach(sandbox.id()).ok() ? 1 : 0;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(succeeded, 320);
}

TEST_F(ServiceTest, SaysThatTheDeadlinePassedAndKeepsAWorkerThatAnswers) {
  StartFront(
      [](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest&) { worker.AwaitCancel(call); },
      {.limits = {.max_sandboxes = 4, .max_sandboxes_per_caller = 4},
       .default_deadline = absl::Milliseconds(200)});
  const OpenedSandbox sandbox(stub());
  for (int i = 0; i < 2; ++i) {
    const grpc::Status status = Attach(sandbox.id());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_EQ(DetailOf(status).reason(), v1::ERROR_REASON_DEADLINE);
  }
}

TEST_F(ServiceTest, TellsTheWorkerThatTheClientCancelled) {
  StartFront([&](FakeWorker& worker, ipc::MessageSocket& call, const CallRequest& request) {
    if (!request.has_receive()) return AnswerAttach(worker, call, request);
    begun_.Signal();
    worker.AwaitCancel(call);
    cancelled_.Signal();
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  std::thread canceller([&] {
    EXPECT_TRUE(WaitForAny({begun_.Get()}, absl::Now() + absl::Seconds(20)).ok());
    context.TryCancel();
  });
  v1::ReceiveRequest request;
  request.set_sandbox(sandbox.id());
  request.mutable_at()->set_connection("c");
  v1::ReceiveResponse response;
  EXPECT_EQ(stub().Receive(&context, request, &response).error_code(), grpc::StatusCode::CANCELLED);
  canceller.join();
  EXPECT_TRUE(WaitForAny({cancelled_.Get()}, absl::Now() + absl::Seconds(20)).ok());
  EXPECT_TRUE(Attach(sandbox.id()).ok());
}

TEST_F(ServiceTest, AnswersGetInfoFromTheProbeAtStart) {
  StartFront(AnswerAttach, {.limits = {.max_sandboxes = 7, .max_sandboxes_per_caller = 7},
                            .default_deadline = absl::Seconds(60)});
  const OpenedSandbox sandbox(stub());
  ASSERT_TRUE(supervisor().AwaitReady());
  grpc::ClientContext context;
  v1::GetInfoResponse info;
  ASSERT_TRUE(stub().GetInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.kernel_release(), "6.18-fake");
  EXPECT_EQ(info.version(), BPFRIG_VERSION);
  EXPECT_EQ(info.max_sandboxes(), 7u);
  EXPECT_EQ(info.max_object_bytes(), 16u * 1024 * 1024);
  EXPECT_EQ(info.open_sandboxes(), 1u);
}

TEST_F(ServiceTest, AnswersEveryMethodOfTheService) {
  StartFront(AnswerAttach);
  grpc::GenericStub generic(channel());
  for (int i = 0; i < rules::Service().method_count(); ++i) {
    const std::string& name = rules::Service().method(i)->name();
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto wait = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      EXPECT_TRUE(queue.Next(&tag, &ok));
      return ok;
    };
    const auto call = generic.PrepareCall(&context, absl::StrCat("/bpfrig.v1.BpfRig/", name), &queue);
    call->StartCall(this);
    EXPECT_TRUE(wait()) << name;
    const grpc::Slice empty_request;
    call->WriteLast(grpc::ByteBuffer(&empty_request, 1), grpc::WriteOptions(), this);
    wait();
    grpc::ByteBuffer response;
    call->Read(&response, this);
    if (wait()) context.TryCancel();  // it answered: enough of a stream that stays
    grpc::Status status;
    call->Finish(&status, this);
    EXPECT_TRUE(wait()) << name;
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << name << " is not in service.cpp";
  }
}

}  // namespace
}  // namespace bpfrig::front
