#include "daemon/front/sandboxes/call_threads.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <set>

#include "daemon/base/status.h"
#include "daemon/front/sandboxes/event.h"

namespace bpfrig::front {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

TEST(CallThreadsTest, RunsAllThatItStartsBeforeItIsGone) {
  std::atomic<int> ran = 0;
  {
    CallThreads threads(1000);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(threads.Start([&] { ++ran; }).ok());
  }
  EXPECT_EQ(ran, 200);
}

TEST(CallThreadsTest, RefusesMoreThanItsLimit) {
  Event go_on = *Event::Create();
  CallThreads threads(2);
  const auto wait = [&] { EXPECT_TRUE(WaitForAny({go_on.Get()}, absl::Now() + kPatience).ok()); };
  ASSERT_TRUE(threads.Start(wait).ok());
  ASSERT_TRUE(threads.Start(wait).ok());
  const absl::Status refused = threads.Start([] { ADD_FAILURE() << "ran past the limit"; });
  EXPECT_EQ(base::DetailOf(refused).reason, base::Reason::kLimitReached);
  go_on.Signal();
  threads.JoinAll();
}

TEST(CallThreadsTest, UsesAThreadAgain) {
  CallThreads threads(1);
  std::set<pid_t> used;
  const absl::Time deadline = absl::Now() + kPatience;
  bool is_used_again = false;
  // Whether the thread waits already when the next work comes is up to the kernel.
  while (!is_used_again && absl::Now() < deadline) {
    Event done = *Event::Create();
    const absl::Status started = threads.Start([&] {
      is_used_again = !used.insert(::gettid()).second;
      done.Signal();
    });
    if (!started.ok()) continue;
    EXPECT_TRUE(WaitForAny({done.Get()}, absl::Now() + kPatience).ok());
  }
  EXPECT_TRUE(is_used_again);
}

TEST(CallThreadsTest, StartsNothingOnceJoined) {
  CallThreads threads(2);
  threads.JoinAll();
  EXPECT_FALSE(threads.Start([] { ADD_FAILURE() << "ran after the end"; }).ok());
}

}  // namespace
}  // namespace bpfrig::front
