// SeedMap, DumpMap and ReadEvents through a real channel.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "daemon/front/testing/front_fixture.h"

namespace bpfrig::front {
namespace {

using internal::v1::CallReply;
using internal::v1::CallRequest;

class StreamTest : public FrontFixture {
 protected:
  // A message of a SeedMap stream.
  static v1::SeedMapRequest Message(const std::string& sandbox, int entries, size_t value_bytes = 16) {
    v1::SeedMapRequest request;
    request.set_sandbox(sandbox);
    if (!sandbox.empty()) request.set_map("m");
    for (int i = 0; i < entries; ++i) {
      request.add_entries()->mutable_value()->set_raw(std::string(value_bytes, 'v'));
    }
    return request;
  }

  // Outlives the workers, which end with the fixture.
  Event stopped_ = *Event::Create();
};

// Counts entries to the end of the stream.
void CountEntries(FakeWorker&, ipc::MessageSocket& call, const CallRequest& first) {
  uint64_t written = 0;
  CallRequest request = first;
  while (true) {
    written += static_cast<uint64_t>(request.seed_map().entries_size());
    const auto more = call.Receive(request, absl::Now() + kPatience);
    ASSERT_TRUE(more.ok()) << more.status();
    if (!*more) break;
  }
  CallReply reply;
  reply.mutable_seed_map()->set_written(written);
  Answer(call, reply);
}

TEST_F(StreamTest, SeedMapPassesAllMessagesInOrder) {
  StartFront(CountEntries);
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::SeedMapResponse response;
  const auto stream = stub().SeedMap(&context, &response);
  ASSERT_TRUE(stream->Write(Message(sandbox.id(), 1)));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(stream->Write(Message("", 1000, 200)));
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.written(), 20'001u);
}

TEST_F(StreamTest, SeedMapEndsAsSoonAsTheWorkerRefuses) {
  StartFront([](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    Finish(call, absl::StatusCode::kInvalidArgument, "no such member");
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::SeedMapResponse response;
  const auto stream = stub().SeedMap(&context, &response);
  ASSERT_TRUE(stream->Write(Message(sandbox.id(), 1)));
  // The client neither writes on nor says that it is done.
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "no such member");
}

TEST_F(StreamTest, SeedMapPassesARefusalInTheMiddleOfMuchData) {
  StartFront([](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    CallRequest second;
    ASSERT_TRUE(call.Receive(second, absl::Now() + kPatience).ok());
    Finish(call, absl::StatusCode::kOutOfRange, "300 does not fit");
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::SeedMapResponse response;
  const auto stream = stub().SeedMap(&context, &response);
  bool writing = stream->Write(Message(sandbox.id(), 1));
  for (int i = 0; i < 200 && writing; ++i) writing = stream->Write(Message("", 1000, 1000));
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE) << status.error_message();
}

TEST_F(StreamTest, SeedMapRefusesAnEmptyStreamAndALateHead) {
  StartFront(CountEntries);
  const OpenedSandbox sandbox(stub());
  {
    grpc::ClientContext context;
    v1::SeedMapResponse response;
    const auto stream = stub().SeedMap(&context, &response);
    stream->WritesDone();
    EXPECT_EQ(DetailOf(stream->Finish()).reason(), v1::ERROR_REASON_INVALID_FIELD);
  }
  grpc::ClientContext context;
  v1::SeedMapResponse response;
  const auto stream = stub().SeedMap(&context, &response);
  ASSERT_TRUE(stream->Write(Message(sandbox.id(), 1)));
  (void)stream->Write(Message(sandbox.id(), 1));
  EXPECT_EQ(DetailOf(stream->Finish()).field(), "sandbox");
}

TEST_F(StreamTest, SeedMapEndsAtItsDeadlineWhereTheClientStopsSending) {
  StartFront(CountEntries, {.limits = {.max_sandboxes = 4, .max_sandboxes_per_caller = 4},
                            .default_deadline = absl::Milliseconds(200)});
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::SeedMapResponse response;
  const auto stream = stub().SeedMap(&context, &response);
  ASSERT_TRUE(stream->Write(Message(sandbox.id(), 1)));
  EXPECT_EQ(DetailOf(stream->Finish()).reason(), v1::ERROR_REASON_DEADLINE);
}

TEST_F(StreamTest, DumpMapPassesAllMessagesInOrder) {
  StartFront([](FakeWorker&, ipc::MessageSocket& call, const CallRequest& request) {
    EXPECT_EQ(request.dump_map().map(), "object/m");
    for (uint64_t i = 0; i < 100; ++i) {
      CallReply reply;
      reply.mutable_dump_map()->mutable_summary()->set_count(i);
      ASSERT_TRUE(call.Send(reply).ok());
    }
    Finish(call);
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::DumpMapRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map("object/m");
  const auto stream = stub().DumpMap(&context, request);
  v1::DumpMapResponse response;
  uint64_t count = 0;
  while (stream->Read(&response)) EXPECT_EQ(response.summary().count(), count++);
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(count, 100u);
}

TEST_F(StreamTest, DumpMapPassesAnErrorAfterSomeMessages) {
  StartFront([](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    CallReply reply;
    reply.mutable_dump_map()->add_entries();
    ASSERT_TRUE(call.Send(reply).ok());
    Finish(call, absl::StatusCode::kFailedPrecondition, "reading m: Permission denied");
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::DumpMapRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map("m");
  const auto stream = stub().DumpMap(&context, request);
  v1::DumpMapResponse response;
  EXPECT_TRUE(stream->Read(&response));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(StreamTest, DumpMapStopsTheWorkerWhereTheClientLeaves) {
  StartFront([&](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    CallReply reply;
    reply.mutable_dump_map()->add_entries()->set_raw_value(std::string(100'000, 'v'));
    // Without end: only the front can stop it.
    while (call.Send(reply, -1, absl::Now() + kPatience).ok()) continue;
    stopped_.Signal();
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::DumpMapRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map("m");
  const auto stream = stub().DumpMap(&context, request);
  v1::DumpMapResponse response;
  ASSERT_TRUE(stream->Read(&response));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(WaitForAny({stopped_.Get()}, absl::Now() + absl::Seconds(10)).ok());
}

TEST_F(StreamTest, DumpMapMakesTheWorkerWaitWhereTheClientDoesNotRead) {
  std::atomic<int> sent = 0;
  constexpr int kMessages = 400;
  StartFront([&](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    CallReply reply;
    reply.mutable_dump_map()->add_entries()->set_raw_value(std::string(1'000'000, 'v'));
    for (int i = 0; i < kMessages; ++i) {
      ASSERT_TRUE(call.Send(reply, -1, absl::Now() + kPatience).ok());
      ++sent;
    }
    Finish(call);
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::DumpMapRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map("m");
  const auto stream = stub().DumpMap(&context, request);
  v1::DumpMapResponse response;
  int read = 0;
  while (stream->Read(&response)) {
    ++read;
    // Never more under way than what buffers and windows hold, here some megabytes.
    EXPECT_LT(sent - read, 100);
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(read, kMessages);
}

TEST_F(StreamTest, ReadEventsPassesRecords) {
  StartFront([](FakeWorker&, ipc::MessageSocket& call, const CallRequest& request) {
    CallReply reply;
    reply.mutable_read_events()->add_events()->set_raw(request.read_events().map());
    Answer(call, reply);
  });
  const OpenedSandbox sandbox(stub());
  grpc::ClientContext context;
  v1::ReadEventsRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map("events");
  const auto stream = stub().ReadEvents(&context, request);
  v1::ReadEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.events(0).raw(), "events");
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace bpfrig::front
