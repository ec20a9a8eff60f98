// What clients can fill the front with. The front, its clients and the fake worker share this process, so
// that the clients keep nothing of their own: what grows is the front.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/memory_bound.h"
#include "daemon/front/testing/front_fixture.h"
#include "daemon/front/testing/raw_client.h"
#include "daemon/ipc/frame.h"

namespace bpfrig::front {
namespace {

using common::MemoryBound;
using internal::v1::CallReply;
using internal::v1::CallRequest;
using ::testing::HasSubstr;

constexpr char kLoadProgram[] = "/bpfrig.v1.BpfRig/LoadProgram";
constexpr size_t kMiB = size_t{1} << 20;

// What of this process is in memory, in MiB.
size_t Resident() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) / kMiB;
}

class MemoryTest : public FrontFixture {
 protected:
  void StartAnsweringFront() {
    StartFront([](FakeWorker&, ipc::MessageSocket& call, const CallRequest& request) {
      CallReply reply;
      request.has_load_program() ? void(reply.mutable_load_program()->mutable_loaded())
                                 : void(reply.mutable_attach());
      Answer(call, reply);
    });
    ASSERT_TRUE(supervisor().AwaitReady());
  }
};

// One message of many times the same block; its status, and in `peak` the most memory that was seen
// meanwhile.
grpc::Status SendBlocks(const std::shared_ptr<grpc::Channel>& channel, size_t blocks, size_t& peak) {
  static const std::string block(kMiB, 'x');
  const std::vector<grpc::Slice> slices(blocks,
                                        grpc::Slice(block.data(), block.size(), grpc::Slice::STATIC_SLICE));
  const grpc::ByteBuffer request(slices.data(), slices.size());
  grpc::GenericStub generic(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = generic.PrepareUnaryCall(&context, kLoadProgram, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  const auto soon = [] { return absl::ToChronoTime(absl::Now() + absl::Milliseconds(5)); };
  while (queue.AsyncNext(&tag, &ok, soon()) == grpc::CompletionQueue::TIMEOUT) {
    peak = std::max(peak, Resident());
  }
  return status;
}

TEST_F(MemoryTest, AMessageOfTwoGigabytesCostsItsConnectionAndNoOther) {
  StartAnsweringFront();
  const OpenedSandbox sandbox(stub());
  const size_t before = Resident();
  size_t peak = before;
  EXPECT_EQ(SendBlocks(NewChannel(), 1900, peak).error_code(), grpc::StatusCode::UNAVAILABLE);
  RecordProperty("mebibytes", static_cast<int>(peak - before));
  EXPECT_LT(peak - before, MemoryBound(200)) << "MiB";
  EXPECT_TRUE(Attach(sandbox.id()).ok()) << "another connection's sandbox is still there";
}

TEST_F(MemoryTest, WhatHasArrivedDoesNotCount) {
  StartAnsweringFront();
  const OpenedSandbox sandbox(stub());
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    v1::LoadProgramRequest request;
    request.set_sandbox(sandbox.id());
    request.set_name("o");
    request.set_object(std::string(15 * kMiB, 'o'));
    v1::LoadProgramResponse response;
    const grpc::Status status = stub().LoadProgram(&context, request, &response);
    ASSERT_TRUE(status.ok()) << i << ": " << status.error_message();
  }
}

TEST_F(MemoryTest, CompressedRequestsAreRefusedAndNotUnpacked) {
  StartAnsweringFront();
  RawClient client(socket_path());
  client.Greet();
  for (const char* algorithm : {"gzip", "deflate"}) {
    // Not compressed at all: whoever unpacked it would complain of that.
    client.SendMessage(client.BeginCall(kLoadProgram, {{"grpc-encoding", algorithm}}), "x", true);
    const std::string answer = client.ReadUntil("disabled", kPatience);
    EXPECT_THAT(answer, HasSubstr(absl::StrCat("Compression algorithm '", algorithm, "' is disabled")));
    EXPECT_THAT(answer, HasSubstr("12")) << "UNIMPLEMENTED";
  }
}

TEST_F(MemoryTest, AConnectionHasABoundedNumberOfStreams) {
  StartAnsweringFront();
  RawClient client(socket_path());
  client.Greet();
  // SETTINGS_MAX_CONCURRENT_STREAMS is 3; 512 calls, 64 sandboxes, and some.
  const std::string setting("\0\3\0\0\2\x80", 6);
  EXPECT_THAT(client.ReadUntil(setting, kPatience), HasSubstr(setting));
}

// gRPC keeps calls that are reset for a while, or as long as their connection, some 10 KiB each.
TEST_F(MemoryTest, CallsThatAreResetCostTheirConnection) {
  StartAnsweringFront();
  const OpenedSandbox sandbox(stub());
  const size_t before = Resident();
  RawClient client(socket_path());
  client.Greet();
  for (int i = 0; i < 20000; ++i) client.Reset(client.BeginCall(kLoadProgram));
  EXPECT_LT(Resident(), MemoryBound(before + 100)) << "MiB";
  EXPECT_TRUE(Attach(sandbox.id()).ok());
}

// A client that does not acknowledge the server's settings has no bound on its streams.
TEST_F(MemoryTest, CallsThatNeverGetTheirMessageCostTheirConnection) {
  StartAnsweringFront();
  const OpenedSandbox sandbox(stub());
  const size_t before = Resident();
  RawClient client(socket_path());
  client.Greet();
  while (client.BeginCalls(100, {.method = kLoadProgram, .headers = {}, .message = "", .reset = false}))
    continue;
  EXPECT_LT(Resident(), MemoryBound(before + 100)) << "MiB";
  EXPECT_TRUE(Attach(sandbox.id()).ok());
}

// As clients do that wait for the first of many.
TEST_F(MemoryTest, AClientThatGivesUpSomeHundredCallsStays) {
  StartAnsweringFront();
  RawClient client(socket_path());
  client.Greet();
  v1::AttachRequest request;
  request.set_sandbox("0123456789abcdef");
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(client.BeginCalls(100, {.method = "/bpfrig.v1.BpfRig/Attach",
                                        .headers = {},
                                        .message = request.SerializeAsString(),
                                        .reset = true}));
  }
  client.SendMessage(client.BeginCall("/bpfrig.v1.BpfRig/GetInfo"), "");
  // What only that call's answer has.
  EXPECT_THAT(client.ReadUntil(BPFRIG_VERSION, kPatience), HasSubstr(BPFRIG_VERSION));
}

TEST_F(MemoryTest, AMessageThatSaysItIsCompressedAndNotHowIsRefused) {
  StartAnsweringFront();
  RawClient client(socket_path());
  client.Greet();
  client.SendMessage(client.BeginCall(kLoadProgram), "x", true);
  const std::string answer = client.ReadUntil("grpc-status", kPatience);
  EXPECT_THAT(answer, HasSubstr("grpc-status\x02"
                                "12"))
      << "UNIMPLEMENTED";
}

// A DumpMap message as workers send it: 64 KiB of small entries.
std::string DumpedFrames() {
  CallReply reply;
  for (uint64_t i = 0; reply.ByteSizeLong() < 64 * 1024; ++i) {
    v1::DumpedEntry& entry = *reply.mutable_dump_map()->add_entries();
    entry.set_raw_key("1234");
    entry.set_raw_value("12345678");
    entry.mutable_key()->set_unsigned_integer(i);
    entry.mutable_value()->set_unsigned_integer(i);
  }
  return *ipc::EncodeFrames(reply);
}

TEST_F(MemoryTest, DumpsThatNobodyReadsCostOneMessageEachAndNothingWhenTheyAreOver) {
  constexpr int kDumps = 200;
  const std::string frames = DumpedFrames();
  std::atomic<int> stopped = 0;
  StartFront([&](FakeWorker&, ipc::MessageSocket& call, const CallRequest&) {
    while (::send(call.Get(), frames.data(), frames.size(), MSG_NOSIGNAL) > 0) continue;
    ++stopped;
  });
  ASSERT_TRUE(supervisor().AwaitReady());
  const OpenedSandbox sandbox(stub());
  const size_t before = Resident();
  v1::DumpMapRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map("m");
  {
    RawClient client(socket_path());
    client.Greet();
    for (int i = 0; i < kDumps; ++i) {
      client.SendMessage(client.BeginCall("/bpfrig.v1.BpfRig/DumpMap"), request.SerializeAsString());
    }
    // Until it grows no more.
    size_t last = 0;
    const absl::Time deadline = absl::Now() + kPatience;
    for (absl::Time stable = absl::Now();
         absl::Now() - stable < absl::Seconds(1) && absl::Now() < deadline;) {
      if (Resident() > last) stable = absl::Now();
      last = std::max(last, Resident());
      std::this_thread::yield();
    }
    RecordProperty("mebibytes", static_cast<int>(last - before));
    EXPECT_LT(last - before, MemoryBound(kDumps)) << "MiB";
  }
  const absl::Time deadline = absl::Now() + kPatience;
  while ((stopped < kDumps || Resident() > MemoryBound(before + 40)) && absl::Now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(stopped, kDumps);
  EXPECT_LE(Resident(), MemoryBound(before + 40)) << "MiB";
}

}  // namespace
}  // namespace bpfrig::front
