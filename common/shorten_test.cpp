#include "common/shorten.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(ShortenTest, KeepsWhatFitsAndCutsWhatDoesNot) {
  EXPECT_EQ(Shorten(""), "");
  EXPECT_EQ(Shorten(std::string(60, 'a')), std::string(60, 'a'));
  EXPECT_EQ(Shorten(std::string(61, 'a')), std::string(60, 'a') + "...");
}

}  // namespace
}  // namespace bpfrig::common
