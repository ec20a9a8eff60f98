#include "daemon/doctor/trial.h"

#include <gtest/gtest.h>

namespace bpfrig::doctor {
namespace {

TEST(TrialTest, ComesBackAsItWasWritten) {
  TrialFacts facts;
  facts.loopback = {.tried = true, .error = {}, .message = {}, .hint = {}};
  facts.map = {.tried = true, .error = "EPERM", .message = "making a map:\nno", .hint = "ask\tfor it"};
  facts.large_map = {.tried = true, .error = "EPERM", .message = "making a large map", .hint = {}};
  facts.features = {{.name = "tcx", .supported = false, .detail = "EINVAL", .description = "tc programs."},
                    {.name = "ringbuf", .supported = true, .detail = {}, .description = "Events."}};
  const TrialFacts read = ParseTrial(FormatTrial(facts));
  EXPECT_TRUE(read.loopback.Worked());
  EXPECT_FALSE(read.program.tried);
  EXPECT_TRUE(read.map.Failed());
  EXPECT_TRUE(read.large_map.Failed());
  EXPECT_EQ(read.map.error, "EPERM");
  EXPECT_EQ(read.map.message, "making a map: no");
  EXPECT_EQ(read.map.hint, "ask for it");
  ASSERT_EQ(read.features.size(), 2u);
  EXPECT_FALSE(read.features[0].supported);
  EXPECT_EQ(read.features[0].detail, "EINVAL");
  EXPECT_TRUE(read.features[1].supported);
  EXPECT_EQ(read.features[1].description, "Events.");
}

TEST(TrialTest, LeavesUntriedWhatIsCutOff) {
  const TrialFacts read = ParseTrial("loopback\t\t\t\nmap\tEPE");
  EXPECT_TRUE(read.loopback.Worked());
  EXPECT_FALSE(read.map.tried);
  EXPECT_FALSE(ParseTrial("").loopback.tried);
}

}  // namespace
}  // namespace bpfrig::doctor
