// LoadProgram, Attach, Detach, RunProgram.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/worker_process.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

class ProgramTest : public WorkerRootTest {
 protected:
  void SetUp() override {
    WorkerRootTest::SetUp();
    BPFRIG_EXPECT_RUNS(R"(listen { name: "web" at { address: "10.96.0.1" port: 80 } })");
  }
  void Connect(int times) {
    for (int i = 0; i < times; ++i) BPFRIG_EXPECT_RUNS(R"(connect { to { address: "10.96.0.1" port: 80 } })");
  }
};

TEST_F(ProgramTest, LoadTellsWhatTheKernelTook) {
  const CallResult result =
      worker_.Load(TestObject("all_maps"), R"(attach { program: "connect_with_maps" link: "first" })");
  ASSERT_TRUE(result.ok()) << result.Text();
  const v1::LoadedObject& loaded = result.reply().load_program().loaded();
  ASSERT_EQ(loaded.programs_size(), 2);
  EXPECT_EQ(loaded.programs(0).name(), "connect_with_maps");
  EXPECT_EQ(loaded.programs(0).type(), "cgroup_sock_addr");
  EXPECT_EQ(loaded.programs(0).section(), "cgroup/connect4");
  EXPECT_GT(loaded.programs(0).instruction_count(), 0u);
  ASSERT_EQ(loaded.links_size(), 1);
  EXPECT_EQ(loaded.links(0).name(), "first");
  EXPECT_EQ(loaded.links(0).program(), "all_maps/connect_with_maps");
  EXPECT_TRUE(loaded.links(0).is_bpf_link());
  bool has_hash = false;
  for (const v1::LoadedMap& map : loaded.maps()) {
    if (map.name() != "hash") continue;
    has_hash = true;
    EXPECT_EQ(map.type(), "hash");
    EXPECT_EQ(map.key_size(), 4u);
    EXPECT_EQ(map.max_entries(), 1024u);
    EXPECT_EQ(map.value_type(), "everything");
  }
  EXPECT_TRUE(has_hash);
}

TEST_F(ProgramTest, ARefusalIsAnAnswerAndLeavesNothing) {
  const CallResult refused = worker_.Load(TestObject("refused"));
  ASSERT_TRUE(refused.ok()) << refused.Text();
  const v1::RejectedObject& rejected = refused.reply().load_program().rejected();
  EXPECT_EQ(rejected.errno_name(), "EACCES");
  EXPECT_EQ(rejected.program(), "out_of_bounds");
  EXPECT_THAT(rejected.log(), HasSubstr("unbounded"));
  // The name is free, and none of its programs is left.
  EXPECT_TRUE(worker_.Load(TestObject("noop"), "", "refused").ok());
  EXPECT_EQ(Run(R"(attach { target { program: "out_of_bounds" } })").reason(), v1::ERROR_REASON_UNKNOWN_NAME);
}

TEST_F(ProgramTest, AFailedAttachTakesTheObjectBackOutAgain) {
  const CallResult result = worker_.Load(
      TestObject("noop"), R"(attach { program: "noop_connect4" } attach { program: "missing" })");
  EXPECT_EQ(result.field(), "attach[1].program") << result.Text();
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  EXPECT_THAT(result.finished.message(), HasSubstr("noop/noop_connect6"));
  ASSERT_TRUE(worker_.Load(TestObject("noop"), R"(attach { program: "noop_connect4" })").ok());
  const CallResult twice =
      worker_.Load(TestObject("noop"),
                   R"(attach { program: "noop_connect6" } attach { program: "noop_connect4" })", "other");
  EXPECT_EQ(twice.field(), "attach[1].link") << twice.Text();
  EXPECT_EQ(twice.reason(), v1::ERROR_REASON_DUPLICATE_NAME);
  Connect(1);
  const CallResult closed = Run("close_sandbox {}");
  EXPECT_EQ(closed.reply().close_sandbox().objects(), 1u) << closed.Text();
  EXPECT_EQ(closed.reply().close_sandbox().links(), 1u);
  ASSERT_EQ(closed.reply().close_sandbox().programs_size(), 2);
  EXPECT_EQ(closed.reply().close_sandbox().programs(0).run_count(), 1u);
}

TEST_F(ProgramTest, DetachStopsAProgramAndTellsHowOftenItRan) {
  ASSERT_TRUE(worker_.Load(TestObject("noop"), R"(attach { program: "noop_connect4" })").ok());
  Connect(3);
  const CallResult detached = Run(R"(detach { link: "noop_connect4" })");
  EXPECT_EQ(detached.reply().detach().run_count(), 3u) << detached.Text();
  Connect(2);
  EXPECT_EQ(Run(R"(detach { link: "noop_connect4" })").reason(), v1::ERROR_REASON_UNKNOWN_NAME);
  const CallResult again = Run(R"(attach { target { program: "noop/noop_connect4" link: "again" } })");
  EXPECT_EQ(again.reply().attach().link().name(), "again") << again.Text();
  Connect(1);
  EXPECT_EQ(Run(R"(detach { link: "again" })").reply().detach().run_count(), 4u);
}

TEST_F(ProgramTest, NamesOfObjectsAndTheirPartsAreChecked) {
  ASSERT_TRUE(worker_.Load(TestObject("noop")).ok());
  EXPECT_EQ(worker_.Load(TestObject("noop")).reason(), v1::ERROR_REASON_DUPLICATE_NAME);
  ASSERT_TRUE(worker_.Load(TestObject("noop"), "", "twin").ok());
  const CallResult ambiguous = Run(R"(attach { target { program: "noop_connect4" } })");
  EXPECT_EQ(ambiguous.field(), "target.program");
  EXPECT_THAT(ambiguous.finished.message(), HasSubstr("noop/noop_connect4 or twin/noop_connect4"));
  BPFRIG_EXPECT_RUNS(R"(attach { target { program: "twin/noop_connect4" } })");
  EXPECT_EQ(worker_.Load(TestObject("noop"), R"(programs { program: "none" })", "x").field(),
            "programs[0].program");
}

TEST_F(ProgramTest, BytesThatAreNotAnObjectAreRefused) {
  const CallResult result = worker_.Load("/etc/passwd", "", "nonsense");
  EXPECT_EQ(result.reason(), v1::ERROR_REASON_BAD_OBJECT) << result.Text();
}

TEST_F(ProgramTest, AProgramOfAnUnknownSectionLoadsWithANamedTypeAndSetGlobals) {
  EXPECT_FALSE(worker_.Load(TestObject("unknown_section"), R"(attach { program: "redirect" })")
                   .reply()
                   .load_program()
                   .has_loaded());
  BPFRIG_EXPECT_RUNS(R"(listen { name: "behind" at { address: "172.19.0.2" port: 80 } })");
  const CallResult loaded = worker_.Load(TestObject("unknown_section"), R"(
      programs { program: "redirect" type: "cgroup/connect4" }
      globals { name: "destination" value { tag { ip: "172.19.0.2" } } }
      attach { program: "redirect" })");
  ASSERT_TRUE(loaded.ok()) << loaded.Text();
  const CallResult connected = Run(R"(connect { to { address: "10.96.0.1" port: 80 } })");
  EXPECT_EQ(connected.reply().connect().server(), "behind") << connected.Text();
  EXPECT_EQ(connected.reply().connect().peer().address(), "172.19.0.2");
  const CallResult wrong = worker_.Load(TestObject("unknown_section"), R"(
      programs { program: "redirect" type: "cgroup/connect4" }
      globals { name: "destination" value { tag { ip: "fd00::1" } } })",
                                        "wrong");
  EXPECT_EQ(wrong.field(), "globals.destination") << wrong.Text();
}

TEST_F(ProgramTest, TestRunsAnswerAndStayOutOfTheLedger) {
  const CallResult loaded =
      worker_.Load(MeshObject("cgroup_skb"), R"(attach { program: "cgroup_skb_ingress_prog" })");
  ASSERT_TRUE(loaded.ok() && loaded.reply().load_program().has_loaded())
      << loaded.Text() << loaded.reply().ShortDebugString();
  const CallResult run = Run(R"(run_program { program: "cgroup_skb_egress_prog" repeat: 100
      data: "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0\x45\0\0\x14\0\0\0\0\x40\x06\0\0\x0a\0\0\x01\x0a\0\0\x02" })");
  ASSERT_TRUE(run.ok()) << run.Text();
  EXPECT_EQ(run.reply().run_program().return_value(), 1u);
  Connect(1);
  const CallResult closed = Run("close_sandbox {}");
  ASSERT_EQ(closed.reply().close_sandbox().programs_size(), 2) << closed.Text();
  for (const v1::ProgramLedger& ledger : closed.reply().close_sandbox().programs()) {
    const bool attached = ledger.program() == "cgroup_skb/cgroup_skb_ingress_prog";
    EXPECT_EQ(ledger.attached(), attached) << ledger.program();
    EXPECT_EQ(ledger.run_count() > 0, attached) << ledger.ShortDebugString();
  }
}

TEST_F(ProgramTest, ProgramsThatNeedRealSocketsCannotBeTestRun) {
  ASSERT_TRUE(worker_.Load(TestObject("noop")).ok());
  const CallResult run = Run(R"(run_program { program: "noop_connect4" data: "12345678901234" })");
  EXPECT_EQ(run.reason(), v1::ERROR_REASON_UNSUPPORTED) << run.Text();
}

}  // namespace
}  // namespace bpfrig::tests
