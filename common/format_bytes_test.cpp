#include "common/format_bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace bpfrig::common {
namespace {

TEST(FormatBytesTest, ChoosesTheUnit) {
  EXPECT_EQ(FormatBytes(0), "0 bytes");
  EXPECT_EQ(FormatBytes(1023), "1023 bytes");
  EXPECT_EQ(FormatBytes(1024), "1 KiB");
  EXPECT_EQ(FormatBytes(uint64_t{413} << 20), "413 MiB");
  EXPECT_EQ(FormatBytes((uint64_t{1} << 30) + (uint64_t{1} << 29)), "1.5 GiB");
  EXPECT_EQ(FormatBytes(uint64_t{3} << 40), "3 TiB");
  EXPECT_EQ(FormatBytes(std::numeric_limits<uint64_t>::max()), "16777216 TiB");
}

}  // namespace
}  // namespace bpfrig::common
