#include "client/command/mutate_inputs.h"

#include <gtest/gtest.h>

#include "client/testing/command_fixture.h"

namespace bpfrig::client::command {
namespace {

using MutateInputsTest = CommandFixture;

TEST_F(MutateInputsTest, ReadsWhatChangedFromADiff) {
  MutateOptions options;
  options.diff = Write("changes.diff", "--- a.c\n+++ a.c\n@@ -3 +3,2 @@\n-x\n+y\n+z\n");
  const absl::StatusOr<MutateInputs> inputs = ReadMutateInputs(options);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  ASSERT_TRUE(inputs->selection.changed.has_value());
  ASSERT_EQ(inputs->selection.changed->size(), 1u);
  EXPECT_EQ(inputs->selection.changed->front().file, "a.c");
  EXPECT_EQ(inputs->selection.changed->front().last, 4u);
  options.diff = Write("nothing.diff", "");
  const absl::StatusOr<MutateInputs> nothing = ReadMutateInputs(options);
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_FALSE(nothing->selection.IsEverything());
}

}  // namespace
}  // namespace bpfrig::client::command
