#include "common/number.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(NumberTest, ReadsDecimalAndHexadecimal) {
  uint64_t magnitude = 0;
  EXPECT_EQ(ParseNumber("18446744073709551615", magnitude), NumberKind::kUnsigned);
  EXPECT_EQ(magnitude, UINT64_MAX);
  EXPECT_EQ(ParseNumber("0xfF", magnitude), NumberKind::kUnsigned);
  EXPECT_EQ(magnitude, 255U);
  EXPECT_EQ(ParseNumber("-7", magnitude), NumberKind::kNegative);
  EXPECT_EQ(magnitude, 7U);
  EXPECT_EQ(ParseNumber("-0", magnitude), NumberKind::kUnsigned);
  EXPECT_EQ(ParseNumber("18446744073709551616", magnitude), NumberKind::kTooBig);
  for (const char* text : {"", "-", "0x", "010", "1_000", " 1", "1.5", "abc"}) {
    EXPECT_EQ(ParseNumber(text, magnitude), NumberKind::kNone) << text;
  }
}

}  // namespace
}  // namespace bpfrig::common
