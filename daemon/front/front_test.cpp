// The process as a whole: being ready, and not getting there.
#include "daemon/front/front.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/status.h"
#include "daemon/front/testing/front_fixture.h"

namespace bpfrig::front {
namespace {

using internal::v1::CallRequest;

class FrontTest : public FrontFixture {
 protected:
  // What grpc.health.v1 says, as its message's bytes: field 1, 1 for SERVING and 2 for NOT_SERVING.
  std::string Health() {
    grpc::GenericStub generic(channel());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const grpc::Slice service_field(
        "\x0a\x10"
        "bpfrig.v1.BpfRig");
    const grpc::ByteBuffer request(&service_field, 1);
    const auto call = generic.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    EXPECT_TRUE(status.ok()) << status.error_message();
    grpc::Slice slice;
    EXPECT_TRUE(response.DumpToSingleSlice(&slice).ok());
    return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
  }

  // Outlives the workers, which end with the fixture.
  Event probe_may_go_on_ = *Event::Create();
};

TEST_F(FrontTest, ServesOnlyOnceTheKernelWasProbed) {
  StartFront(
      [](FakeWorker&, ipc::MessageSocket&, const CallRequest&) {},
      {.limits = {.max_sandboxes = 4, .max_sandboxes_per_caller = 4}, .default_deadline = absl::Seconds(60)},
      [&](const CallRequest& request) {
        if (!request.has_get_info()) return;
        EXPECT_TRUE(WaitForAny({probe_may_go_on_.Get()}, absl::Now() + absl::Seconds(20)).ok());
      });
  EXPECT_EQ(Health(), "\x08\x02");
  probe_may_go_on_.Signal();
  ASSERT_TRUE(supervisor().AwaitReady());
  EXPECT_EQ(Health(), "\x08\x01");
}

TEST_F(FrontTest, ReflectionDescribesTheService) {
  StartFront([](FakeWorker&, ipc::MessageSocket&, const CallRequest&) {});
  grpc::GenericStub generic(channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    EXPECT_TRUE(ok);
  };
  const auto call =
      generic.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(this);
  wait();
  // Field 4: the file that has this symbol.
  const grpc::Slice question(
      "\x22\x10"
      "bpfrig.v1.BpfRig");
  call->WriteLast(grpc::ByteBuffer(&question, 1), grpc::WriteOptions(), this);
  wait();
  grpc::ByteBuffer response;
  call->Read(&response, this);
  wait();
  grpc::Status status;
  call->Finish(&status, this);
  wait();
  EXPECT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  EXPECT_TRUE(response.DumpToSingleSlice(&slice).ok());
  const std::string description(reinterpret_cast<const char*>(slice.begin()), slice.size());
  EXPECT_NE(description.find("OpenSandbox"), std::string::npos) << description;
}

TEST_F(FrontTest, EndsWithTheReasonWhereTheProbeFails) {
  StartFront(
      [](FakeWorker&, ipc::MessageSocket&, const CallRequest&) {},
      {.limits = {.max_sandboxes = 4, .max_sandboxes_per_caller = 4}, .default_deadline = absl::Seconds(60)},
      nullptr, absl::FailedPreconditionError("making a worker: no cgroup2"));
  const absl::Status result = AwaitEnd();
  EXPECT_EQ(result.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(result.message(), "probing the kernel: making a worker: no cgroup2");
  EXPECT_EQ(base::DetailOf(result).hint, "`bpfrigd doctor` with the same options says what is missing");
}

}  // namespace
}  // namespace bpfrig::front
