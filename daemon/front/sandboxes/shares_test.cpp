#include "daemon/front/sandboxes/shares.h"

#include <gtest/gtest.h>

#include <vector>

#include "daemon/base/status.h"
#include "daemon/ipc/front_limits.h"

namespace bpfrig::front {
namespace {

SharesRule Rule(uint64_t all, uint64_t each) {
  return {.action = "starting a call",
          .what = "calls under way",
          .all = all,
          .each = each,
          .all_flag = "--max-calls",
          .each_flag = "--max-calls-per-caller"};
}

TEST(SharesTest, OneCallerGetsAllButTheReserve) {
  Shares shares(Rule(4, 3));
  std::vector<Share> held;
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<Share> share = shares.Take("user 1000");
    ASSERT_TRUE(share.ok()) << share.status();
    held.push_back(*std::move(share));
  }
  const absl::Status refused = shares.Take("user 1000").status();
  EXPECT_EQ(base::DetailOf(refused).reason, base::Reason::kLimitReached);
  EXPECT_EQ(refused.message(), "starting a call: user 1000 has 3 calls under way, and one caller may have 3");
  EXPECT_EQ(base::DetailOf(refused).hint,
            "Let some of them end first, or start the daemon with a larger --max-calls-per-caller.");
  EXPECT_TRUE(shares.Take("user 0").ok());
}

TEST(SharesTest, AllCallersTogetherGetWhatThereIs) {
  Shares shares(Rule(4, 3));
  const absl::StatusOr<Share> first = shares.Take("user 0", 3);
  const absl::StatusOr<Share> second = shares.Take("user 1", 1);
  ASSERT_TRUE(first.ok() && second.ok());
  const absl::Status refused = shares.Take("user 1").status();
  EXPECT_EQ(refused.message(),
            "starting a call: there are 4 calls under way, 1 of them of user 1, and there may be 4");
  EXPECT_EQ(base::DetailOf(refused).hint,
            "Try again when others have ended, or start the daemon with a larger --max-calls.");
}

TEST(SharesTest, WhatIsGivenBackCanBeTakenAgain) {
  Shares shares(Rule(2, 1));
  {
    absl::StatusOr<Share> share = shares.Take("user 0");
    ASSERT_TRUE(share.ok());
    Share moved = *std::move(share);
    EXPECT_FALSE(shares.Take("user 0").ok());
    moved = Share();
    EXPECT_EQ(shares.taken(), 0u);
    EXPECT_TRUE(shares.Take("user 0").ok());
  }
  EXPECT_EQ(shares.taken(), 0u);
}

TEST(SharesTest, TheReserveIsAnEighth) {
  EXPECT_EQ(ipc::PerCaller(64, 0), 56u);
  EXPECT_EQ(ipc::PerCaller(4, 0), 3u);
  EXPECT_EQ(ipc::PerCaller(2, 0), 1u);
  EXPECT_EQ(ipc::PerCaller(1, 0), 1u);
  EXPECT_EQ(ipc::PerCaller(64, 64), 64u);
  EXPECT_EQ(ipc::PerCaller(64, 100), 64u);
}

}  // namespace
}  // namespace bpfrig::front
