// What `bpfrig run` shows of the verifier's logs, and of what a daemon without a capability cannot do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/rig.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Outcome RunPlan(const std::string& text, std::vector<std::string> arguments) {
  const TemporaryFile plan("logs.yaml", text);
  arguments.insert(arguments.end(), {"-I", BPFRIG_TEST_OBJECTS, plan.Path()});
  return RunToEnd(RunCommand(arguments));
}

constexpr char kTwoLoads[] = R"(name: logs
objects: {o: long_log.bpf.o}
tests:
  - name: one is (taken)
    steps:
      - load: {object: o, programs: [taken]}
      - load: {object: o, name: again, programs: [taken]}
  - name: one is refused
    steps:
      - load: {object: o, programs: [refused]}
)";

TEST(LogsTest, EachLoadsWholeLogGoesToAFile) {
  const std::string folder = ::testing::TempDir() + "bpfrig-logs-" + std::to_string(::getpid());
  const Outcome outcome = RunPlan(kTwoLoads, {"--log-dir", folder + "/below"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  const std::string refused = folder + "/below/logs-one_is_refused-o.log";
  EXPECT_THAT(outcome.output, HasSubstr("the whole log is in " + refused));
  EXPECT_THAT(ReadAll(refused), HasSubstr("\n0: (")) << "its beginning";
  EXPECT_THAT(ReadAll(refused), HasSubstr("invalid access to map value")) << "its end";
  for (const char* taken : {"/below/logs-one_is_taken_-o.log", "/below/logs-one_is_taken_-again.log"}) {
    EXPECT_THAT(ReadAll(folder + taken), HasSubstr("taken:\n")) << taken;
    EXPECT_THAT(ReadAll(folder + taken), HasSubstr("\nprocessed ")) << taken;
  }
  std::filesystem::remove_all(folder);
}

TEST(LogsTest, ADirectoryThatCannotBeMadeIsSaidBeforeAnythingRuns) {
  const Outcome outcome = RunPlan(kTwoLoads, {"--log-dir", "/proc/self/logs"});
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("making the directory for logs /proc/self/logs: No such file"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("one is")));
}

TEST(LogsTest, ALogThatThePlanAsksForIsShown) {
  const Outcome outcome = RunPlan(R"(name: logs
objects: {o: long_log.bpf.o}
tests:
  - name: asks
    steps:
      - load: {object: o, programs: [taken], log_level: 2}
        expect: {loaded: {log: !contains "0: ("}}
)",
                                  {});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("step 1, load: the verifier's log (these are 25 of "));
  EXPECT_THAT(outcome.output, HasSubstr("lines; `--log-dir DIR` writes the whole log to a file):\n"));
  EXPECT_THAT(outcome.output, HasSubstr("\n        processed "));
}

TEST(PerfmonTest, WithoutItPerfEventArraysLoadButAreNotRead) {
  const Outcome outcome = RunPlan(R"(name: perf
objects: {o: packet_records.bpf.o}
tests:
  - name: reads
    steps:
      - load: {object: o, programs: [report_egress]}
      - events: {map: packets}
)",
                                  {"--no-perfmon"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  // Its words for that are many.
  if (outcome.output.find("actual:   rejected with EACCES") != std::string::npos) {
    GTEST_SKIP() << "this kernel's verifier takes no such program without CAP_PERFMON";
  }
  EXPECT_THAT(outcome.output,
              HasSubstr("step 2, events, map\n        KERNEL_REFUSED: opening perf event array "
                        "packets: Permission denied (EACCES)\n        hint: it takes "
                        "CAP_PERFMON: start the daemon without --no-perfmon"));
}

}  // namespace
}  // namespace bpfrig::tests
