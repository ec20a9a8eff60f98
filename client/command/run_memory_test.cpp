#include "client/command/run_memory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "common/testing/temporary_directory.h"

namespace bpfrig::client::command {
namespace {

using verdict::TestResult;
using verdict::Verdict;

plan::Test TestOf(const std::string& name, uint64_t fingerprint) {
  plan::Test test;
  test.name = name;
  test.mark.file = std::make_shared<const std::string>("plans/a.yaml");
  test.fingerprint = fingerprint;
  return test;
}

TestResult Result(Verdict verdict, bool controlled = false) {
  TestResult result;
  result.verdict = verdict;
  result.controlled = controlled;
  return result;
}

TEST(RunMemoryTest, RemembersWhatFailedUntilItPasses) {
  const common::TemporaryDirectory directory;
  const UserCache cache(directory.path() / "made" / "when needed");
  const plan::Test a = TestOf("a", 1);
  const plan::Test b = TestOf("b", 2);
  EXPECT_FALSE(RunMemory(cache).FailedLast(a));
  RunMemory(cache).Note({a, b}, {Result(Verdict::kFailed), Result(Verdict::kFailed)});
  EXPECT_TRUE(RunMemory(cache).FailedLast(a));
  RunMemory(cache).Note({a}, {Result(Verdict::kNotRun)});
  RunMemory(cache).Note({b}, {Result(Verdict::kPassed)});
  EXPECT_TRUE(RunMemory(cache).FailedLast(a));
  EXPECT_FALSE(RunMemory(cache).FailedLast(b));
}

TEST(RunMemoryTest, RemembersATestHoweverOftenItRan) {
  const common::TemporaryDirectory directory;
  const UserCache cache(directory.path());
  const plan::Test once = TestOf("a", 1);
  plan::Test second = once;
  second.repetition = second.repetitions = 2;
  plan::Test first = second;
  first.repetition = 1;
  EXPECT_EQ(second.ShownName(), "a [2 of 2]");
  RunMemory(cache).Note({first, second}, {Result(Verdict::kFailed), Result(Verdict::kPassed)});
  EXPECT_TRUE(RunMemory(cache).FailedLast(once));
  RunMemory(cache).Note({first, second}, {Result(Verdict::kPassed), Result(Verdict::kPassed)});
  EXPECT_FALSE(RunMemory(cache).FailedLast(once));
}

TEST(RunMemoryTest, RemembersControlsByContent) {
  const common::TemporaryDirectory directory;
  const UserCache cache(directory.path());
  RunMemory(cache).Note({TestOf("a", 1), TestOf("b", 2)},
                        {Result(Verdict::kPassed, true), Result(Verdict::kPassed)});
  EXPECT_TRUE(RunMemory(cache).IsControlled(TestOf("renamed", 1)));
  EXPECT_FALSE(RunMemory(cache).IsControlled(TestOf("a", 3)));
  EXPECT_FALSE(RunMemory(cache).IsControlled(TestOf("b", 2)));
}

TEST(RunMemoryTest, RemembersNothingWithoutAFolder) {
  const common::TemporaryDirectory directory;
  for (const std::string& folder : {std::string(), std::string("/proc/nowhere")}) {
    const UserCache cache{folder};
    RunMemory(cache).Note({TestOf("a", 1)}, {Result(Verdict::kPassed, true)});
    EXPECT_FALSE(RunMemory(cache).IsControlled(TestOf("a", 1)));
  }
}

TEST(UserCacheTest, TakesItsFolderFromTheEnvironment) {
  const common::TemporaryDirectory directory;
  ASSERT_EQ(setenv("XDG_CACHE_HOME", directory.path().c_str(), 1), 0);
  EXPECT_TRUE(UserCache::FromEnvironment().Write("x", {"a", "b"}));
  EXPECT_EQ(UserCache(directory.path() / "bpfrig").Read("x"), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(setenv("XDG_CACHE_HOME", "relative", 1), 0);
  ASSERT_EQ(setenv("HOME", directory.path().c_str(), 1), 0);
  EXPECT_TRUE(UserCache::FromEnvironment().Write("y", {"c"}));
  EXPECT_EQ(UserCache(directory.path() / ".cache" / "bpfrig").Read("y"), std::vector<std::string>{"c"});
  ASSERT_EQ(unsetenv("XDG_CACHE_HOME"), 0);
}

}  // namespace
}  // namespace bpfrig::client::command
