#include "daemon/supervisor/user_ids.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace bpfrig::supervisor {
namespace {

TEST(UserIdsTest, TakesARangeForEachSlotFromUidBaseOn) {
  Options options;
  options.uid_base = 100000;
  EXPECT_TRUE(CheckUids(options).ok());
  EXPECT_EQ(*ChooseFirstUid(options, 0), 100000u);
  EXPECT_EQ(*ChooseFirstUid(options, 2), 100000u + 2 * kUidsPerSlot);
}

TEST(UserIdsTest, RefusesABaseThatLeavesNoRoom) {
  Options options;
  options.uid_base = std::numeric_limits<uint32_t>::max() - kUidsPerSlot;
  EXPECT_FALSE(CheckUids(options).ok());
  options.uid_base = 0;
  EXPECT_FALSE(CheckUids(options).ok());
}

TEST(UserIdsTest, OtherwiseTakesARangeAtRandomWhateverTheSlot) {
  const Options options;
  EXPECT_TRUE(CheckUids(options).ok());
  std::set<uint32_t> chosen;
  for (int i = 0; i < 100; ++i) {
    const uint32_t first = *ChooseFirstUid(options, 0);
    EXPECT_GE(first, kFirstRandomUid);
    EXPECT_LT(first, 0x7fff0000u);
    EXPECT_EQ(first % kUidsPerSlot, 0u) << "ranges do not overlap";
    chosen.insert(first);
  }
  // Of 100 out of 65,535, fewer than 90 are different once in 10^17 times.
  EXPECT_GT(chosen.size(), 90u);
}

}  // namespace
}  // namespace bpfrig::supervisor
