// A plan that would kill a process of the host ends in a refusal, and the process lives on; on a daemon whose
// operator allows it, the same plan does kill.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/strings/str_cat.h"
#include "tests/e2e/kill_object.h"
#include "tests/e2e/rig.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class KillTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!KernelCanKill()) GTEST_SKIP() << "this kernel has no bpf_send_signal_task";
  }

  [[nodiscard]] bool VictimLives() const {
    const std::string state = StatusField(victim_.Pid(), "State");
    return !state.empty() && state[0] != 'Z';
  }

  // `load` is the step that loads the object `kill` and attaches its program.
  void ExpectRefusal(const std::string& object, const std::string& load) {
    const TemporaryFile elf("kill.o", object);
    const TemporaryFile plan("kill.yaml", absl::StrCat(R"(name: kill
objects: {kill: kill.o}
tests:
  - name: a program kills a process of the host
    steps:
      - listen: {name: here, at: {address: 127.0.0.1, port: 7000}}
      - load: )",
                                                       load, R"(
      - connect: {to: {address: 127.0.0.1, port: 7000}}
)"));
    const Outcome refused = RunToEnd(RunCommand({plan.Path()}));
    EXPECT_EQ(refused.status, 1) << refused.output;
    EXPECT_THAT(refused.output, ContainsRegex("kill.yaml:7:24: step 2, load, object"));
    EXPECT_THAT(refused.output, HasSubstr("NOT_ALLOWED: program \""));
    EXPECT_THAT(refused.output, HasSubstr("calls the kfunc bpf_task_from_pid, which is not allowed"));
    EXPECT_THAT(refused.output, HasSubstr("--allow-load kfunc:bpf_task_from_pid,kfunc:bpf_send_signal_task"));
    ASSERT_TRUE(VictimLives());

    const Outcome allowed = RunToEnd(
        RunCommand({"--allow-load", "kfunc:bpf_task_from_pid,kfunc:bpf_send_signal_task", plan.Path()}));
    EXPECT_EQ(allowed.status, 0) << allowed.output;
    EXPECT_EQ(victim_.Wait(kPatience).signal, SIGKILL);
  }

  Subprocess victim_ = Subprocess::Start({"sleep", "1000"});
};

TEST_F(KillTest, CompiledProgramIsRefused) {
  ExpectRefusal(ReadAll(BPFRIG_TEST_OBJECTS "/kill.bpf.o"),
                absl::StrCat("{object: kill, globals: {target_pid: ", victim_.Pid(),
                             "}, attach: [{program: kill_itself}]}"));
}

TEST_F(KillTest, ProgramThatCallsByNumberIsRefused) {
  ExpectRefusal(KillObject(victim_.Pid()), "{object: kill, attach: [{program: prog}]}");
}

}  // namespace
}  // namespace bpfrig::tests
