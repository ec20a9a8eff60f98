#include "client/command/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace bpfrig::client::command {
namespace {

TEST(EnvironmentTest, SplitsTheObjectPath) {
  ASSERT_EQ(setenv("BPFRIG_OBJECT_PATH", "/a::relative:/b c:", 1), 0);
  EXPECT_THAT(ObjectPathFromEnvironment(), testing::ElementsAre("/a", "relative", "/b c"));
  ASSERT_EQ(unsetenv("BPFRIG_OBJECT_PATH"), 0);
  EXPECT_THAT(ObjectPathFromEnvironment(), testing::IsEmpty());
}

TEST(EnvironmentTest, TakesTheTokenOutOfTheEnvironment) {
  ASSERT_EQ(setenv("BPFRIG_TOKEN", "secret", 1), 0);
  EXPECT_EQ(TakeTokenFromEnvironment(), "secret");
  EXPECT_EQ(getenv("BPFRIG_TOKEN"), nullptr);
  EXPECT_EQ(TakeTokenFromEnvironment(), std::nullopt);
  ASSERT_EQ(setenv("BPFRIG_TOKEN", "", 1), 0);
  EXPECT_EQ(TakeTokenFromEnvironment(), "");
}

}  // namespace
}  // namespace bpfrig::client::command
