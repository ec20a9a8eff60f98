// Sockets of every kind, and what programs see of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "tests/support/listed_sockets.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

class TrafficTest : public WorkerRootTest {
 protected:
  // The globals of socket_calls, as text: "{1, 2, 0, 0}" in the order of their declaration.
  std::string Counters() {
    const CallResult dumped = Run(R"(dump_map { map: ".bss" })");
    std::string text;
    for (const auto& reply : dumped.replies) {
      for (const v1::DumpedEntry& entry : reply.dump_map().entries()) {
        for (const v1::Field& field : entry.value().fields().fields()) {
          absl::StrAppend(&text, field.name(), "=", field.value().unsigned_integer(), " ");
        }
      }
    }
    return text;
  }
  void LoadSocketCalls(const std::string& attached) {
    std::string attach;
    for (const char* program : {"count_setsockopt", "count_getsockopt", "fake_own_name", "count_peer_name"}) {
      if (absl::StrCat(",", attached, ",").find(absl::StrCat(",", program, ",")) != std::string::npos) {
        absl::StrAppend(&attach, "attach { program: \"", program, "\" } ");
      }
    }
    const CallResult loaded = worker_.Load(TestObject("socket_calls"), attach);
    ASSERT_TRUE(loaded.ok()) << loaded.Text();
    ASSERT_TRUE(loaded.reply().load_program().has_loaded()) << loaded.Text();
  }
};

constexpr char kAll[] = "count_setsockopt,count_getsockopt,fake_own_name,count_peer_name";
constexpr char kNothing[] = "set_options=0 got_options=0 own_names=0 peer_names=0 ";

TEST_F(TrafficTest, ProgramsSeeNothingOfTheRigsOwnCalls) {
  BPFRIG_SKIP_WITHOUT_SOCK_DIAG();
  LoadSocketCalls(kAll);
  BPFRIG_EXPECT_RUNS(R"(listen { name: "4" at { address: "10.96.0.1" port: 80 } behaviour { echo: true } })");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "6" at { address: "fd00::1" port: 80 } behaviour { echo: true } })");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "46" at { address: "::" port: 81 } behaviour { echo: true } })");
  for (const char* to : {R"("10.96.0.1" port: 80)", R"("fd00::1" port: 80)", R"("10.96.0.2" port: 81)"}) {
    const CallResult connected =
        Run(absl::StrCat("connect { to { address: ", to, " } send: \"hello\" receive { at_least: 5 } }"));
    const v1::ConnectResponse& answer = connected.reply().connect();
    EXPECT_EQ(answer.received(), "hello") << connected.Text();
    EXPECT_NE(answer.server(), "");
    EXPECT_NE(answer.local().port(), 12345u);
    EXPECT_NE(answer.dialled_cookie(), 0u);
    EXPECT_NE(answer.accepted_cookie(), 0u);
  }
  const CallResult refused = Run(R"(connect { to { address: "10.96.0.2" port: 9 } })");
  EXPECT_EQ(refused.reply().connect().errno_name(), "ECONNREFUSED");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "u" transport: TRANSPORT_UDP at { address: "10.96.0.1" port: 53 }
                                 behaviour { echo: true } })");
  const CallResult datagram = Run(R"(connect { transport: TRANSPORT_UDP to { address: "10.96.0.1" port: 53 }
                                               send: "hello" receive { at_least: 1 } })");
  EXPECT_EQ(datagram.reply().connect().server(), "u") << datagram.Text();
  EXPECT_EQ(datagram.reply().connect().received(), "hello");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "x" at { abstract: "service" } behaviour { echo: true } })");
  const CallResult local = Run(R"(connect { to { abstract: "service" } from { abstract: "me" }
                                            send: "hello" receive { at_least: 5 } })");
  EXPECT_EQ(local.reply().connect().server(), "x") << local.Text();
  EXPECT_EQ(local.reply().connect().local().abstract(), "me");
  EXPECT_EQ(local.reply().connect().peer().abstract(), "service");
  EXPECT_NE(local.reply().connect().dialled_cookie(), 0u);
  EXPECT_EQ(Counters(), kNothing);
}

TEST_F(TrafficTest, ProgramsSeeWhatThePlanAsksFor) {
  BPFRIG_SKIP_WITHOUT_SOCK_DIAG();
  LoadSocketCalls(kAll);
  BPFRIG_EXPECT_RUNS(R"(listen { name: "s" at { address: "10.96.0.1" port: 80 } })");
  const CallResult own = Run(R"(get_socket_name { socket { connection: "s" } })");
  EXPECT_EQ(own.reply().get_socket_name().name().port(), 12345u) << own.Text();
  const CallResult peer = Run(R"(get_socket_name { socket { connection: "s" } of: SOCKET_SIDE_PEER })");
  EXPECT_EQ(peer.reply().get_socket_name().errno_name(), "ENOTCONN") << peer.Text();
  BPFRIG_EXPECT_RUNS(
      R"(get_socket_option { socket { connection: "s" } level: "SOL_SOCKET" option: "SO_MARK" })");
  BPFRIG_EXPECT_RUNS(R"(open_socket { name: "p" options { level: "SOL_SOCKET" option: "SO_KEEPALIVE"
                                                          value { unsigned_integer: 1 } } })");
  EXPECT_EQ(Counters(), "set_options=1 got_options=1 own_names=1 peer_names=0 ");
}

TEST_F(TrafficTest, CountsRunsSinceTheLastCallBegan) {
  BPFRIG_SKIP_WITHOUT_SOCK_DIAG();
  LoadSocketCalls("fake_own_name");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "s" at { address: "10.96.0.1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(get_socket_name { socket { connection: "s" } })");
  BPFRIG_EXPECT_RUNS(R"(get_socket_name { socket { connection: "s" } })");
  for (int i = 0; i < 2; ++i) {
    const CallResult counted = Run("count_runs {}");
    int found = 0;
    for (const v1::ProgramRuns& program : counted.reply().count_runs().programs()) {
      if (program.program() != "socket_calls/fake_own_name") continue;
      ++found;
      EXPECT_EQ(program.total(), 2u);
      EXPECT_EQ(program.since_last_call(), 1u);
    }
    EXPECT_EQ(found, 1) << counted.Text();
  }
}

TEST_F(TrafficTest, DatagramsComeFromWhereTheyWereSent) {
  BPFRIG_EXPECT_RUNS(R"(listen { name: "u" transport: TRANSPORT_UDP at { address: "10.96.0.1" port: 53 } })");
  BPFRIG_EXPECT_RUNS(R"(open_socket { name: "p" transport: TRANSPORT_UDP
                                      bind { address: "10.96.0.2" port: 4660 } })");
  BPFRIG_EXPECT_RUNS(R"(send { from { connection: "p" } to { address: "10.96.0.1" port: 53 } data: "" })");
  const CallResult came = Run(R"(receive { at { connection: "u" } until { at_least: 1 } })");
  EXPECT_TRUE(came.reply().receive().has_from()) << came.Text();
  EXPECT_EQ(came.reply().receive().from().address(), "10.96.0.2");
  EXPECT_EQ(came.reply().receive().from().port(), 4660u);
  EXPECT_EQ(came.reply().receive().data(), "");
  const CallResult none = Run(R"(receive { at { connection: "u" } until { at_least: 1 } timeout_ms: 1 })");
  EXPECT_TRUE(none.reply().receive().timed_out());
  EXPECT_FALSE(none.reply().receive().has_from());
}

TEST_F(TrafficTest, StreamsTakeNoAddressAndListenersCarryNothing) {
  BPFRIG_EXPECT_RUNS(R"(listen { name: "s" at { address: "10.96.0.1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(connect { name: "c" to { address: "10.96.0.1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(open_socket { name: "p" })");
  const auto refused = [&](const std::string& request) { return std::string(Run(request).Text()); };
  EXPECT_THAT(refused(R"(send { from { connection: "c" } to { address: "10.96.0.1" port: 1 } data: "x" })"),
              HasSubstr("this socket is of a stream"));
  EXPECT_THAT(refused(R"(send { from { connection: "p" } data: "x" })"), HasSubstr("not connected"));
  EXPECT_THAT(refused(R"(receive { at { connection: "s" } })"), HasSubstr("it is a server"));
  EXPECT_THAT(refused(R"(open_socket { name: "c" })"), HasSubstr("c"));
}

TEST_F(TrafficTest, AServerOfBothFamiliesTakesBothUnlessItIsToldNotTo) {
  BPFRIG_EXPECT_RUNS(R"(listen { name: "both" at { address: "::" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "six" at { address: "::" port: 81 } v6_only: true })");
  const auto server = [&](const std::string& to) {
    return Run(absl::StrCat("connect { to { ", to, " } timeout_ms: 1000 }")).reply().connect();
  };
  EXPECT_EQ(server(R"(address: "10.96.0.1" port: 80)").server(), "both");
  EXPECT_EQ(server(R"(address: "::ffff:10.96.0.1" port: 80)").server(), "both");
  EXPECT_EQ(server(R"(address: "fd00::1" port: 80)").server(), "both");
  EXPECT_EQ(server(R"(address: "fd00::1" port: 81)").server(), "six");
  EXPECT_EQ(server(R"(address: "10.96.0.1" port: 81)").errno_name(), "ECONNREFUSED");
}

TEST_F(TrafficTest, ASocketFilterStaysUntilItIsDetached) {
  LoadSocketCalls("");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "u" transport: TRANSPORT_UDP at { address: "10.96.0.1" port: 53 } })");
  BPFRIG_EXPECT_RUNS(
      R"(connect { name: "c" transport: TRANSPORT_UDP to { address: "10.96.0.1" port: 53 } })");
  const CallResult nowhere = Run(R"(attach { target { program: "drop_empty" } })");
  EXPECT_THAT(nowhere.Text(), HasSubstr("is attached to a socket: name it"));
  BPFRIG_EXPECT_RUNS(R"(attach { target { program: "drop_empty" socket { connection: "u" } } })");
  const auto arrives = [&](const std::string& data) {
    BPFRIG_EXPECT_RUNS(absl::StrCat("send { from { connection: \"c\" } data: \"", data, "\" }"));
    return Run(R"(receive { at { connection: "u" } until { at_least: 1 } timeout_ms: 200 })")
        .reply()
        .receive()
        .has_from();
  };
  EXPECT_FALSE(arrives(""));
  EXPECT_TRUE(arrives("x"));
  BPFRIG_EXPECT_RUNS(R"(detach { link: "drop_empty" })");
  EXPECT_TRUE(arrives(""));
}

TEST_F(TrafficTest, WhatMeansNothingForAnAttachmentIsRefused) {
  LoadSocketCalls("");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "u" transport: TRANSPORT_UDP at { address: "10.96.0.1" port: 53 } })");
  const auto refused = [&](const std::string& program, const std::string& more) {
    return Run(absl::StrCat("attach { target { program: \"", program, "\" ", more, " } }"));
  };
  const CallResult egress = refused("count_getsockopt", "egress: true");
  EXPECT_EQ(egress.field(), "target.egress");
  EXPECT_THAT(egress.Text(), HasSubstr("egress means nothing for one of type cgroup_sockopt"));
  EXPECT_EQ(refused("count_getsockopt", "map: \"group\"").field(), "target.map");
  EXPECT_EQ(refused("count_getsockopt", "socket { connection: \"u\" }").field(), "target.socket");
  EXPECT_EQ(refused("drop_empty", "socket { connection: \"u\" } egress: true").field(), "target.egress");
}

TEST_F(TrafficTest, AReuseportProgramChoosesAmongServers) {
  LoadSocketCalls("");
  for (const char* name : {"a", "b"}) {
    BPFRIG_EXPECT_RUNS(absl::StrCat("listen { name: \"", name,
                                    "\" at { address: \"10.96.0.1\" port: 80 } reuseport: true }"));
  }
  BPFRIG_EXPECT_RUNS(R"(seed_map { map: "group"
      entries { key { unsigned_integer: 0 } value { tag { socket { connection: "a" } } } }
      entries { key { unsigned_integer: 1 } value { tag { socket { connection: "b" } } } } })");
  BPFRIG_EXPECT_RUNS(R"(attach { target { program: "second" socket { connection: "a" } } })");
  for (int i = 0; i < 8; ++i) {
    const CallResult connected = Run(R"(connect { to { address: "10.96.0.1" port: 80 } })");
    EXPECT_EQ(connected.reply().connect().server(), "b") << connected.Text();
  }
}

TEST_F(TrafficTest, UnixSocketsHaveNamesOfTheNamespace) {
  BPFRIG_EXPECT_RUNS(R"(listen { name: "s" at { abstract: "service" } behaviour { echo: true } })");
  const CallResult connected = Run(R"(connect { to { abstract: "service" } from { abstract: "me" }
                                                send: "hello" receive { at_least: 5 } })");
  const v1::ConnectResponse& answer = connected.reply().connect();
  EXPECT_EQ(answer.server(), "s") << connected.Text();
  EXPECT_EQ(answer.received(), "hello");
  EXPECT_EQ(answer.local().abstract(), "me");
  EXPECT_EQ(answer.peer().abstract(), "service");
  EXPECT_EQ(Run(R"(connect { to { abstract: "nobody" } })").reply().connect().errno_name(), "ECONNREFUSED");
}

}  // namespace
}  // namespace bpfrig::tests
