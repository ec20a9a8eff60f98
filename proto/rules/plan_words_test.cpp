#include "proto/rules/plan_words.h"

#include <gtest/gtest.h>

namespace bpfrig::rules {
namespace {

TEST(PlanWordsTest, CallsAreSteps) {
  EXPECT_EQ(InPlanWords("the worker was in RunProgram of spin/p; set it with LoadProgram's globals"),
            "the worker was in run of spin/p; set it with load's globals");
  EXPECT_EQ(InPlanWords("SeedMap"), "seed");
}

TEST(PlanWordsTest, LeavesWhatIsSomebodysOwn) {
  for (const char* text : {"looking up the map 'SeedMap': there are o/SeedMap, \"SeedMap\"", "my_SeedMap",
                           "Connect and Send", "SeedMaps", "OpenSandbox is no step", ""}) {
    EXPECT_EQ(InPlanWords(text), text);
  }
}

}  // namespace
}  // namespace bpfrig::rules
