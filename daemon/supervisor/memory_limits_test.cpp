#include "daemon/supervisor/memory_limits.h"

#include <gtest/gtest.h>

namespace bpfrig::supervisor {
namespace {

constexpr uint64_t kGibibyte = uint64_t{1} << 30;

TEST(MemoryLimitsTest, FollowsTheMemoryThatThereIs) {
  const MemoryLimits limits = MemoryLimitsFor({}, 16 * kGibibyte);
  EXPECT_EQ(limits.all_maps, 12 * kGibibyte);
  EXPECT_EQ(limits.maps, kGibibyte);
  EXPECT_EQ(limits.sandbox, kGibibyte + kGibibyte / 2);
}

TEST(MemoryLimitsTest, OneSandboxMayNotTakeMoreThanAll) {
  EXPECT_EQ(MemoryLimitsFor({}, kGibibyte).maps, kGibibyte / 4 * 3);
}

TEST(MemoryLimitsTest, TheOperatorsNumbersCount) {
  Options options;
  options.max_map_memory = 10;
  options.max_total_map_memory = 20;
  options.max_sandbox_memory = 30;
  const MemoryLimits limits = MemoryLimitsFor(options, kGibibyte);
  EXPECT_EQ(limits.maps, 10u);
  EXPECT_EQ(limits.all_maps, 20u);
  EXPECT_EQ(limits.sandbox, 30u);
}

TEST(MemoryLimitsTest, WithoutControllersTheKernelHoldsNobodyToIt) {
  const kernel_os::CgroupLimits limits = SandboxCgroupLimits({1, 2, 3}, kernel_os::CgroupControllers());
  EXPECT_EQ(limits.memory_bytes, 0u);
  EXPECT_EQ(limits.processes, 0u);
}

}  // namespace
}  // namespace bpfrig::supervisor
