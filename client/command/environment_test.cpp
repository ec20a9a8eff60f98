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

TEST(EnvironmentTest, TakesVariablesByTheirPrefix) {
  ASSERT_EQ(setenv("BPFRIG_VAR_port", "80=81", 1), 0);
  ASSERT_EQ(setenv("BPFRIG_VAR_empty", "", 1), 0);
  const auto variables = VariablesFromEnvironment();
  EXPECT_EQ(variables.at("port"), "80=81");
  EXPECT_EQ(variables.at("empty"), "");
  EXPECT_EQ(variables.size(), 2U);
  for (const char* name : {"BPFRIG_VAR_port", "BPFRIG_VAR_empty"}) ASSERT_EQ(unsetenv(name), 0);
}

}  // namespace
}  // namespace bpfrig::client::command
