#include "client/plan/plan_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/testing/temporary_directory.h"

namespace bpfrig::client::plan {
namespace {

using ::testing::ElementsAre;

class PlanFilesTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path() / name) << text;
    return (directory_.path() / name).string();
  }

  const common::TemporaryDirectory directory_;
};

TEST_F(PlanFilesTest, FindsAllThatAPlanIncludes) {
  const std::string plan = Write("plan.yaml", "name: p\ninclude: [a.yaml, missing.yaml]\ntests: []\n");
  const std::string a = Write("a.yaml", "include: b.yaml\n");
  const std::string b = Write("b.yaml", "vars: {x: 1}\n");
  EXPECT_THAT(FilesOfPlan(plan), ElementsAre(b, a, plan));
}

TEST_F(PlanFilesTest, IsItselfIfItCannotBeRead) {
  const std::string broken = Write("broken.yaml", "{");
  EXPECT_THAT(FilesOfPlan(broken), ElementsAre(broken));
}

TEST_F(PlanFilesTest, TellsSharedPartsFromPlans) {
  EXPECT_TRUE(IsSharedPart(Write("part.yaml", "vars: {x: 1}\n")));
  EXPECT_FALSE(IsSharedPart(Write("plan.yaml", "name: p\n")));
  EXPECT_FALSE(IsSharedPart(Write("empty.yaml", "")));
}

}  // namespace
}  // namespace bpfrig::client::plan
