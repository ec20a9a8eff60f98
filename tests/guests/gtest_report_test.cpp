#include "tests/guests/gtest_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/guests/kernel_table.h"

namespace bpfrig::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// As GoogleTest 1.12 writes it.
constexpr const char* kReport = R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" errors="0" time="2.5" name="AllTests">
  <testsuite name="Map" tests="4" failures="1" disabled="1" skipped="1" errors="0" time="2.5">
    <testcase name="Seeds" status="run" result="completed" time="1" classname="Map" />
    <testcase name="Old" status="notrun" result="suppressed" time="0" classname="Map" />
    <testcase name="Dumps" status="run" result="completed" time="1" classname="Map">
      <failure message="map_test.cpp:7&#x0A;expected 1" type=""><![CDATA[map_test.cpp:7
expected 1]]></failure>
      <failure message="map_test.cpp:8&#x0A;expected 2" type=""><![CDATA[x]]></failure>
    </testcase>
    <testcase name="Rings" status="run" result="skipped" time="0" classname="Map">
      <skipped message="map_test.cpp:9&#x0A;no ring | buffers&#x0A;"><![CDATA[map_test.cpp:9
no ring | buffers
]]></skipped>
    </testcase>
  </testsuite>
</testsuites>)";

TEST(GtestReportTest, HasWhatPassedFailedAndWasSkippedWithItsReason) {
  const auto result = ReadGtestReport(kReport);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->passed, 1);
  EXPECT_EQ(result->time, std::chrono::milliseconds(2500));
  ASSERT_EQ(result->failed.size(), 1u);
  EXPECT_EQ(result->failed[0].name, "Map.Dumps");
  EXPECT_EQ(result->failed[0].message, "map_test.cpp:7\nexpected 1\nmap_test.cpp:8\nexpected 2\n");
  EXPECT_THAT(result->skipped, ElementsAre(Pair("no ring | buffers", ElementsAre("Map.Rings"))));
}

TEST(GtestReportTest, PartsOfAProgramAddUp) {
  ProgramResult whole = *ReadGtestReport(kReport);
  ProgramResult part = *ReadGtestReport(kReport);
  part.failure = "it hangs";
  Merge(part, whole);
  EXPECT_EQ(whole.passed, 2);
  EXPECT_EQ(whole.failed.size(), 2u);
  EXPECT_EQ(whole.time, std::chrono::milliseconds(5000));
  EXPECT_EQ(whole.failure, "it hangs");
  EXPECT_THAT(whole.skipped, ElementsAre(Pair("no ring | buffers", ElementsAre("Map.Rings", "Map.Rings"))));
}

TEST(GtestReportTest, RefusesWhatIsNone) {
  EXPECT_FALSE(ReadGtestReport("").ok());
  EXPECT_FALSE(ReadGtestReport("<testsuite/>").ok());
  EXPECT_FALSE(ReadGtestReport("<testsuites><testsuite").ok());
}

TEST(KernelTableTest, HasARowForEachProgramAndReason) {
  const ProgramResult mixed = *ReadGtestReport(kReport);
  ProgramResult none;
  none.failure = "the guest hangs\n";
  const std::vector<KernelResults> kernels = {{"5.10", "5.10.0-46", {mixed, none}},
                                              {"6.1", "", {none, mixed}}};
  EXPECT_EQ(ResultsTable({"map_test", "b"}, kernels),
            "| tests | 5.10.0-46 | 6.1 |\n|---|---|---|\n"
            "| `map_test` | 1 passed, 1 failed, 1 skipped, 2 s | no result |\n"
            "| `b` | no result | 1 passed, 1 failed, 1 skipped, 2 s |\n");
  EXPECT_EQ(SkippedTable(kernels),
            "| skipped, because | 5.10.0-46 | 6.1 |\n|---|---|---|\n| no ring \\| buffers | 1 | 1 |\n");
  EXPECT_EQ(FailuresOf("6.1", "b", none), "FAIL  6.1  b\nthe guest hangs\n");
  EXPECT_EQ(SkippedTable({{"6.1", "", {none}}}), "");
}

}  // namespace
}  // namespace bpfrig::tests
