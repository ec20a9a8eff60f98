// OpenSandbox, CloseSandbox, GetInfo, and what the sandbox's own network namespace changes for traffic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using SandboxTest = WorkerRootTest;

TEST_F(SandboxTest, ServersListenAtTheGivenAddressesOnAnyPort) {
  BPFRIG_EXPECT_RUNS(
      R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } behaviour { echo: true } })");
  BPFRIG_EXPECT_RUNS(
      R"(listen { name: "web6" at { address: "fd00::1" port: 80 } behaviour { echo: true } })");
  const CallResult four = Run(R"(connect { to { address: "10.96.0.1" port: 80 } from { address: "10.96.0.2" }
                                           send: "four" receive { at_least: 4 } })");
  EXPECT_EQ(four.reply().connect().server(), "web") << four.Text();
  EXPECT_EQ(four.reply().connect().received(), "four");
  EXPECT_EQ(four.reply().connect().local().address(), "10.96.0.2");
  const CallResult six =
      Run(R"(connect { to { address: "fd00::1" port: 80 } from { address: "fd00::2" port: 5000 }
                                          send: "six" receive { at_least: 3 } })");
  EXPECT_EQ(six.reply().connect().server(), "web6") << six.Text();
  EXPECT_EQ(six.reply().connect().received(), "six");
  EXPECT_EQ(six.reply().connect().local().address(), "fd00::2");
  EXPECT_EQ(six.reply().connect().local().port(), 5000u);
}

TEST_F(SandboxTest, ALocalRouteAnswersAtOnceAndTheRestIsUnreachable) {
  const CallResult local = Run(R"(connect { to { address: "0.0.0.2" port: 929 } })");
  EXPECT_EQ(local.reply().connect().errno_name(), "ECONNREFUSED") << local.Text();
  const CallResult away = Run(R"(connect { to { address: "192.0.2.1" port: 80 } })");
  EXPECT_EQ(away.reply().connect().errno_name(), "ENETUNREACH") << away.Text();
  const CallResult bind =
      Run(R"(connect { to { address: "10.96.0.1" port: 80 } from { address: "192.0.2.7" } })");
  EXPECT_EQ(bind.reply().connect().errno_name(), "EADDRNOTAVAIL") << bind.Text();
}

TEST(OpenSandboxTest, NamesTheAddressThatItCannotRead) {
  WorkerProcess worker;
  const CallResult result = worker.Run(R"(open_sandbox { addresses: ["10.0.0.1", "fd00::1/64", "10.0.0"] })");
  EXPECT_EQ(result.field(), "addresses[2]") << result.Text();
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_INVALID_FIELD);
}

TEST(OpenSandboxTest, NamesTheRouteAndTheLimitThatItCannotSet) {
  WorkerProcess worker;
  EXPECT_EQ(worker.Run(R"(open_sandbox { local_routes: ["10.0.0.0/33"] })").field(), "local_routes[0]");
  const CallResult limit = worker.Run("open_sandbox { limits { receive_buffer_bytes: 1000000000 } }");
  EXPECT_EQ(limit.field(), "limits.receive_buffer_bytes");
  EXPECT_EQ(limit.reason(), v1::ERROR_REASON_LIMIT_REACHED);
  EXPECT_TRUE(worker.Run(R"(open_sandbox { addresses: ["127.0.0.1", "::1", "10.1.0.1/24"] })").ok());
}

TEST(OpenSandboxTest, TheReceiveLimitBoundsWhatAnEndKeeps) {
  WorkerProcess worker;
  ASSERT_TRUE(worker.Run("open_sandbox { limits { receive_buffer_bytes: 10 } }").ok());
  ASSERT_TRUE(worker.Run(R"(listen { name: "sink" at { address: "127.0.0.1" port: 80 } })").ok());
  const CallResult refused =
      worker.Run(R"(connect { to { address: "127.0.0.1" port: 80 } receive { at_least: 11 } })");
  EXPECT_EQ(refused.reason(), v1::ERROR_REASON_LIMIT_REACHED) << refused.Text();
  EXPECT_EQ(refused.field(), "receive.at_least");
  ASSERT_TRUE(
      worker.Run(R"(connect { name: "c" to { address: "127.0.0.1" port: 80 } send: "0123456789abcde" })")
          .ok());
  const std::string receive =
      R"(receive { at { connection: "c" end: CONNECTION_END_ACCEPTED } until { at_least: 5 } })";
  EXPECT_EQ(worker.Run(receive).reply().receive().data(), "0123456789");
  EXPECT_EQ(worker.Run(receive).reply().receive().data(), "abcde");
}

TEST_F(SandboxTest, CloseSandboxCountsWhatItDestroyed) {
  ASSERT_TRUE(worker_.Load(TestObject("noop"), R"(attach { program: "noop_connect4" })").ok());
  BPFRIG_EXPECT_RUNS(R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(connect { name: "kept" to { address: "10.96.0.1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(connect { to { address: "10.96.0.1" port: 80 } })");
  const CallResult result = Run("close_sandbox {}");
  ASSERT_TRUE(result.ok()) << result.Text();
  const v1::CloseSandboxResponse& ledger = result.reply().close_sandbox();
  EXPECT_TRUE(ledger.closed());
  EXPECT_EQ(ledger.objects(), 1u);
  EXPECT_EQ(ledger.maps(), 0u);
  EXPECT_EQ(ledger.links(), 1u);
  EXPECT_EQ(ledger.servers(), 1u);
  EXPECT_EQ(ledger.connections(), 1u);
  ASSERT_EQ(ledger.programs_size(), 2);
  EXPECT_EQ(ledger.programs(0).program(), "noop/noop_connect4");
  EXPECT_TRUE(ledger.programs(0).attached());
  EXPECT_TRUE(ledger.programs(0).counted());
  EXPECT_EQ(ledger.programs(0).run_count(), 2u);
  EXPECT_FALSE(ledger.programs(1).attached());
  EXPECT_EQ(ledger.programs(1).run_count(), 0u);
}

TEST_F(SandboxTest, GetInfoTellsWhatTheKernelDoes) {
  const CallResult result = Run("get_info {}");
  ASSERT_TRUE(result.ok()) << result.Text();
  const v1::GetInfoResponse& info = result.reply().get_info();
  EXPECT_FALSE(info.kernel_release().empty());
  EXPECT_FALSE(info.machine().empty());
  EXPECT_FALSE(info.libbpf_version().empty());
  EXPECT_GT(info.possible_cpus(), 0u);
  std::map<std::string, bool> features;
  for (const v1::Feature& feature : info.features()) {
    features[feature.name()] = feature.supported();
    EXPECT_FALSE(feature.description().empty()) << feature.name();
    EXPECT_EQ(feature.detail().empty(), feature.supported()) << feature.name();
  }
  for (const char* name : {"btf", "netns_cookie", "run_counts", "ringbuf", "sk_msg"}) {
    EXPECT_TRUE(features[name]) << name;
  }
}

}  // namespace
}  // namespace bpfrig::tests
