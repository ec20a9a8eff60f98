// What an honest client has to do with while others attack: its calls succeed, and the front stays below what
// the docs say. Each attack is bounded in number and time, and goes over loopback.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bpfrig/v1/bpfrig.grpc.pb.h"
#include "common/fd.h"
#include "common/testing/memory_bound.h"
#include "daemon/front/testing/raw_client.h"
#include "tests/e2e/remote_rig.h"
#include "tests/e2e/rig.h"

namespace bpfrig::tests {
namespace {

using Clock = std::chrono::steady_clock;

// docs/reliability.md.
constexpr size_t kMaxFrontMiB = 300;
constexpr int kRounds = 40;

class PressureTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 20000);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  }

  // A new client that opens a sandbox and closes it; how long that took.
  static std::chrono::microseconds Round(const RemoteDaemon& daemon,
                                         const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    const auto start = Clock::now();
    const auto stub = v1::BpfRig::NewStub(daemon.Connect(credentials));
    grpc::ClientContext context;
    context.AddMetadata("authorization", std::string("Bearer ") + kToken);
    const auto lease = stub->OpenSandbox(&context, v1::OpenSandboxRequest());
    v1::OpenSandboxResponse opened;
    EXPECT_TRUE(lease->Read(&opened));
    grpc::ClientContext close_context;
    close_context.AddMetadata("authorization", std::string("Bearer ") + kToken);
    v1::CloseSandboxRequest close;
    close.set_sandbox(opened.opened().sandbox());
    v1::CloseSandboxResponse closed;
    const grpc::Status status = stub->CloseSandbox(&close_context, close, &closed);
    EXPECT_TRUE(status.ok() && closed.closed()) << status.error_message();
    EXPECT_TRUE(lease->Read(&opened));
    EXPECT_TRUE(lease->Finish().ok());
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  }

  static long Median(const RemoteDaemon& daemon,
                     const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    std::vector<std::chrono::microseconds> times(kRounds);
    for (auto& time : times) time = Round(daemon, credentials);
    std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
    return times[kRounds / 2].count();
  }

  // Prints what the docs have.
  static void Report(const std::string& attack, long before, long under, const RemoteDaemon& daemon,
                     size_t max_front_mib = kMaxFrontMiB) {
    const pid_t front = FrontOf(daemon.Pid());
    const size_t most = std::stoull(StatusField(front, "VmHWM")) / 1024;
    std::cout << attack << ": an honest round takes " << before << " us, under attack " << under
              << " us; the front had " << most << " MiB at most, has "
              << std::stoull(StatusField(front, "VmRSS")) / 1024 << "\n";
    EXPECT_LT(most, common::MemoryBound(max_front_mib));
  }
};

TEST_F(PressureTest, SilentConnections) {
  const RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto credentials = grpc::InsecureChannelCredentials();
  const long before = Median(daemon, credentials);
  std::vector<common::Fd> silent;
  for (int i = 0; i < 5000; ++i) silent.push_back(ConnectTo(daemon.Address()));
  Report("5,000 silent connections", before, Median(daemon, credentials), daemon);
}

TEST_F(PressureTest, HalfOpenHandshakes) {
  const Certificates certificates;
  const RemoteDaemon daemon(certificates.Options(), {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto credentials = certificates.Client("client");
  const long before = Median(daemon, credentials);
  std::vector<common::Fd> half;
  for (int i = 0; i < 1000; ++i) {
    half.push_back(ConnectTo(daemon.Address()));
    // The begin of a record that holds a ClientHello.
    EXPECT_EQ(::send(half.back().Get(), "\x16\x03\x01\x02\x00\x01", 6, MSG_NOSIGNAL), 6);
  }
  Report("1,000 half-open handshakes", before, Median(daemon, credentials), daemon);
}

// Others act until the honest client is done.
class Attackers {
 public:
  Attackers(int count, const std::function<void()>& act) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, act] {
        while (!stop_) act();
      });
    }
  }
  ~Attackers() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

TEST_F(PressureTest, AByteASecond) {
  const RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto credentials = grpc::InsecureChannelCredentials();
  const long before = Median(daemon, credentials);
  std::vector<common::Fd> slow;
  for (int i = 0; i < 200; ++i) slow.push_back(ConnectTo(daemon.Address()));
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  size_t sent = 0;
  {
    const Attackers attackers(1, [&] {
      for (const common::Fd& socket : slow) (void)::send(socket.Get(), &preface[sent], 1, MSG_NOSIGNAL);
      sent = (sent + 1) % preface.size();
      // The attackers' pace, not a wait for anything.
      ::poll(nullptr, 0, 1000);
    });
    Report("200 clients that send a byte a second", before, Median(daemon, credentials), daemon);
  }
}

void SendTwoGigabytes(const std::shared_ptr<grpc::Channel>& channel) {
  static const std::string block(1 << 20, 'x');
  const std::vector<grpc::Slice> slices(1900,
                                        grpc::Slice(block.data(), block.size(), grpc::Slice::STATIC_SLICE));
  const grpc::ByteBuffer request(slices.data(), slices.size());
  grpc::GenericStub generic(channel);
  grpc::ClientContext context;
  context.AddMetadata("authorization", std::string("Bearer ") + kToken);
  grpc::CompletionQueue queue;
  const auto call = generic.PrepareUnaryCall(&context, "/bpfrig.v1.BpfRig/LoadProgram", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

TEST_F(PressureTest, MessagesOfTwoGigabytes) {
  const RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto credentials = grpc::InsecureChannelCredentials();
  const long before = Median(daemon, credentials);
  const Attackers attackers(1, [&] { SendTwoGigabytes(daemon.Connect(credentials)); });
  Report("1.9 GB in one message, again and again", before, Median(daemon, credentials), daemon);
}

using Flood = front::RawClient::Flood;

constexpr char kReceive[] = "/bpfrig.v1.BpfRig/Receive";
const front::RawClient::Headers kWithToken = {{"authorization", std::string("Bearer ") + kToken}};

std::string SomeRequest() {
  v1::ReceiveRequest request;
  request.set_sandbox("0123456789abcdef");
  request.mutable_at()->set_connection("c");
  return request.SerializeAsString();
}

// Begins calls as fast as it can, and comes again when its connection has ended.
void BeginCalls(const RemoteDaemon& daemon, const Flood& flood, const std::atomic<bool>& stop) {
  while (!stop) {
    front::RawClient client(ConnectTo(daemon.Address()));
    client.Greet();
    while (!stop && client.BeginCalls(100, flood)) continue;
  }
}

struct NamedFlood {
  std::string name;
  Flood flood;
};

class FloodTest : public PressureTest, public ::testing::WithParamInterface<NamedFlood> {};

TEST_P(FloodTest, OfCalls) {
  const RemoteDaemon daemon({}, {std::string("BPFRIGD_TOKEN=") + kToken});
  const auto credentials = grpc::InsecureChannelCredentials();
  const long before = Median(daemon, credentials);
  std::atomic<bool> stop = false;
  std::thread attacker([&] { BeginCalls(daemon, GetParam().flood, stop); });
  const long under = Median(daemon, credentials);
  stop = true;
  attacker.join();
  // docs/reliability.md says less than half of that.
  Report(GetParam().name, before, under, daemon, 100);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, FloodTest,
    ::testing::Values(NamedFlood{"ResetByAStranger", {kReceive, {}, "", true}},
                      NamedFlood{"ResetByTheTokensHolder", {kReceive, kWithToken, "", true}},
                      NamedFlood{"ResetWithTheirMessages", {kReceive, kWithToken, SomeRequest(), true}},
                      NamedFlood{"LeftByAStranger", {kReceive, {}, "", false}},
                      NamedFlood{"LeftByTheTokensHolder", {kReceive, kWithToken, "", false}}),
    [](const auto& named) { return named.param.name; });

}  // namespace
}  // namespace bpfrig::tests
