#include "common/near_names.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(NearNamesTest, PutsNearNamesFirst) {
  EXPECT_EQ(NamesNear("adr", {"zone", "port", "addr"}), "addr, port, zone");
  EXPECT_EQ(NamesNear("x", {}), "none");
}

TEST(NearNamesTest, ListsSoManyAndCountsTheRest) {
  std::vector<std::string> many;
  many.reserve(40);
  for (int i = 0; i < 40; ++i) many.push_back("name" + std::to_string(i));
  EXPECT_NE(NamesNear("other", many).find("... (40 in all)"), std::string::npos);
}

TEST(NearNamesTest, SuggestsTheNearestWordOrNone) {
  EXPECT_EQ(DidYouMean("conect", {"listen", "connect"}), " (did you mean \"connect\"?)");
  EXPECT_EQ(DidYouMean("eprem", {"EPERM"}), " (did you mean \"EPERM\"?)");
  EXPECT_EQ(DidYouMean("banana", {"listen", "connect"}), "");
  EXPECT_EQ(DidYouMean("", {"a"}), "");
}

}  // namespace
}  // namespace bpfrig::common
