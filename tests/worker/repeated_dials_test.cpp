// Connect with `times`: each dial comes to what a Connect of its own would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::Gt;
using ::testing::SizeIs;

class RepeatedDialsTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    BPFRIG_EXPECT_RUNS(R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } })");
  }

  // The answers of the dials, each as it would be alone.
  std::vector<v1::ConnectResponse> Dials(const std::string& request) {
    return Unpacked(Run(absl::StrCat("connect { ", request, " }")));
  }
  static std::vector<v1::ConnectResponse> Unpacked(const CallResult& result) {
    EXPECT_TRUE(result.ok()) << result.Text();
    std::vector<v1::ConnectResponse> dials;
    if (!result.ok()) return dials;
    const v1::RepeatedDials& repeated = result.reply().connect().repeated();
    for (int i = 0; i < repeated.answer_size(); ++i) {
      v1::ConnectResponse& dial = dials.emplace_back(repeated.answers(static_cast<int>(repeated.answer(i))));
      if (dial.has_local()) dial.mutable_local()->set_port(repeated.local_port(i));
      dial.set_dialled_cookie(repeated.dialled_cookie(i));
      dial.set_accepted_cookie(repeated.accepted_cookie(i));
      dial.set_duration_us(repeated.duration_us(i));
    }
    return dials;
  }
  // How many dials ended with each errno; "" for those that came through.
  static std::map<std::string, int> Errnos(const std::vector<v1::ConnectResponse>& dials) {
    std::map<std::string, int> errnos;
    for (const v1::ConnectResponse& dial : dials) ++errnos[dial.errno_name()];
    return errnos;
  }
  void LoadEveryFourth(const std::string& program) {
    const CallResult loaded =
        worker_.Load(TestObject("every_fourth"), absl::StrCat("attach { program: \"", program, "\" }"));
    ASSERT_TRUE(loaded.ok() && loaded.reply().load_program().has_loaded()) << loaded.Text();
  }
  // A global of every_fourth.
  uint64_t Count(const std::string& name) {
    const CallResult read = Run(absl::StrCat("read_globals { names: \"", name, "\" }"));
    EXPECT_TRUE(read.ok()) << read.Text();
    return read.ok() ? read.reply().read_globals().globals(0).value().unsigned_integer() : 0;
  }
};

constexpr char kWeb[] = R"(to { address: "10.96.0.1" port: 80 } )";

TEST_F(RepeatedDialsTest, EachComesToWhatOneAloneWould) {
  BPFRIG_EXPECT_RUNS(R"(listen { name: "6" at { address: "fd00::1" port: 80 } })");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "both" at { address: "::" port: 81 } })");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "closes" at { address: "10.96.0.1" port: 82 }
                                 behaviour { close: true } })");
  BPFRIG_EXPECT_RUNS(R"(listen { name: "x" at { abstract: "service" } })");
  for (const std::string to :
       {R"(to { address: "10.96.0.1" port: 80 })", R"(to { address: "fd00::1" port: 80 })",
        R"(to { address: "10.96.0.2" port: 81 })", R"(to { address: "::ffff:10.96.0.1" port: 81 })",
        R"(to { address: "10.96.0.1" port: 82 })", R"(to { abstract: "service" })",
        R"(to { address: "10.96.0.1" port: 80 } from { address: "10.96.0.2" })",
        R"(to { address: "10.96.0.1" port: 80 } send: "hello")", R"(to { address: "10.96.0.1" port: 9 })"}) {
    v1::ConnectResponse alone = Run(absl::StrCat("connect { ", to, " }")).reply().connect();
    const std::vector<v1::ConnectResponse> dials = Dials(absl::StrCat(to, " times: 100"));
    EXPECT_THAT(dials, SizeIs(100));
    std::set<uint64_t> cookies;
    for (v1::ConnectResponse dial : dials) {
      if (dial.errno_name().empty()) {
        EXPECT_TRUE(cookies.insert(dial.dialled_cookie()).second) << to;
        EXPECT_TRUE(cookies.insert(dial.accepted_cookie()).second) << to;
      }
      for (v1::ConnectResponse* answer : {&alone, &dial}) {
        if (answer->has_local()) answer->mutable_local()->clear_port();
        answer->clear_dialled_cookie();
        answer->clear_accepted_cookie();
        answer->clear_duration_us();
      }
      EXPECT_EQ(dial.DebugString(), alone.DebugString()) << to;
    }
  }
}

TEST_F(RepeatedDialsTest, EveryDialRunsThePrograms) {
  LoadEveryFourth("refuse_dial");
  const std::vector<v1::ConnectResponse> dials = Dials(absl::StrCat(kWeb, "times: 1000"));
  EXPECT_EQ(Errnos(dials), (std::map<std::string, int>{{"", 750}, {"EPERM", 250}}));
  for (size_t i = 0; i < dials.size(); ++i) {
    EXPECT_EQ(dials[i].errno_name().empty(), i % 4 != 3) << i;
    EXPECT_EQ(dials[i].server(), i % 4 != 3 ? "web" : "") << i;
    EXPECT_EQ(dials[i].local().port() != 0, i % 4 != 3) << i;
  }
  EXPECT_EQ(Count("dials"), 1000u);
}

TEST_F(RepeatedDialsTest, EachHasItsOwnTimeout) {
  // Every fourth packet is lost: some dials wait for their second SYN, or for their server to have one.
  LoadEveryFourth("drop_packet");
  const std::vector<v1::ConnectResponse> dials =
      Dials(absl::StrCat(kWeb, "times: 20 timeout_ms: 100 begin_within_ms: 20000"));
  EXPECT_THAT(dials, SizeIs(20));
  int late = 0;
  for (const v1::ConnectResponse& dial : dials) {
    const bool is_late = dial.errno_name() == "ETIMEDOUT" || dial.server_timed_out();
    late += is_late ? 1 : 0;
    EXPECT_TRUE(is_late || dial.server() == "web") << dial.DebugString();
    EXPECT_GE(dial.duration_us(), is_late ? 100'000u : 0u);
    EXPECT_LT(dial.duration_us(), is_late ? 1'000'000u : 100'000u) << dial.DebugString();
  }
  EXPECT_GT(late, 0);
  EXPECT_LT(late, 20);
}

TEST_F(RepeatedDialsTest, AnswersWithThoseThatThereWereWhenTheTimeIsOver) {
  const std::vector<v1::ConnectResponse> some =
      Dials(absl::StrCat(kWeb, "times: 100000 begin_within_ms: 20"));
  EXPECT_THAT(some, SizeIs(Gt(1u)));
  EXPECT_LT(some.size(), 100'000u);
  EXPECT_EQ(Errnos(some), (std::map<std::string, int>{{"", static_cast<int>(some.size())}}));
  // Of those that cannot come about in that time, there is one.
  LoadEveryFourth("drop_packet");
  std::vector<v1::ConnectResponse> last;
  do {
    last = Dials(absl::StrCat(kWeb, "times: 1000 timeout_ms: 200 begin_within_ms: 1"));
    ASSERT_THAT(last, SizeIs(Gt(0u)));
  } while (last.back().duration_us() < 200'000);
  for (size_t i = 0; i + 1 < last.size(); ++i) EXPECT_LT(last[i].duration_us(), 200'000u);
}

TEST_F(RepeatedDialsTest, EndsWithItsCall) {
  LoadEveryFourth("refuse_dial");
  {
    const TestCall call =
        worker_.Start(absl::StrCat("connect { ", kWeb, "times: 100000 begin_within_ms: 60000 }"));
    while (Count("dials") == 0) {
    }
  }
  // Once a call that came after the end was answered, the worker has seen it.
  uint64_t before = 0;
  uint64_t after = Count("dials");
  do {
    before = after;
    after = Count("dials");
  } while (before != after);
  EXPECT_LT(after, 100'000u);
}

TEST_F(RepeatedDialsTest, OthersHaveTheirTurnAndKeepTheirConnections) {
  TestCall many = worker_.Start(absl::StrCat("connect { ", kWeb, "times: 20000 begin_within_ms: 60000 }"));
  for (const char* name : {"a", "b", "c"}) {
    const CallResult other = Run(absl::StrCat("connect { name: \"", name, "\" ", kWeb, " send: \"hello\" }"));
    EXPECT_EQ(other.reply().connect().server(), "web") << other.Text();
    const CallResult came = Run(absl::StrCat("receive { at { connection: \"", name,
                                             "\" end: CONNECTION_END_ACCEPTED } until { at_least: 5 } }"));
    EXPECT_EQ(came.reply().receive().data(), "hello") << came.Text();
  }
  const std::vector<v1::ConnectResponse> dials = Unpacked(many.Wait());
  EXPECT_THAT(dials, SizeIs(20'000));
  EXPECT_EQ(Errnos(dials), (std::map<std::string, int>{{"", 20'000}}));
}

TEST_F(RepeatedDialsTest, ProgramsSeeNothingOfTheRigsOwnCalls) {
  const CallResult loaded = worker_.Load(TestObject("socket_calls"),
                                         "attach { program: \"count_setsockopt\" } attach { program: "
                                         "\"count_getsockopt\" } attach { program: \"count_peer_name\" }");
  ASSERT_TRUE(loaded.ok()) << loaded.Text();
  const std::vector<v1::ConnectResponse> dials = Dials(absl::StrCat(kWeb, "times: 50"));
  EXPECT_THAT(dials, SizeIs(50));
  for (const v1::ConnectResponse& dial : dials) {
    EXPECT_EQ(dial.server(), "web");
    EXPECT_NE(dial.dialled_cookie(), 0u);
  }
  for (const char* name : {"set_options", "got_options", "peer_names"}) EXPECT_EQ(Count(name), 0u) << name;
}

}  // namespace
}  // namespace bpfrig::tests
