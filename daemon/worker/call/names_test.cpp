#include "daemon/worker/call/names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

TEST(NamesTest, SplitsAtTheFirstSlash) {
  EXPECT_EQ(SplitName("object/map").object, "object");
  EXPECT_EQ(SplitName("object/map").name, "map");
  EXPECT_EQ(SplitName("map").object, "");
  EXPECT_EQ(SplitName("map").name, "map");
}

TEST(NamesTest, UnknownNamesListThoseThatExistUpToALimit) {
  EXPECT_NE(UnknownName("map", "x", {}).message().find("there are none"), absl::string_view::npos);
  EXPECT_NE(UnknownName("map", "x", {"a"}).message().find("there is a"), absl::string_view::npos);
  EXPECT_NE(UnknownName("map", "x", {"a", "b"}).message().find("there are a, b"), absl::string_view::npos);
  const std::vector<std::string> many(40, "n");
  EXPECT_NE(UnknownName("map", "x", many).message().find("and 8 more"), absl::string_view::npos);
  EXPECT_EQ(base::DetailOf(UnknownName("map", "x", {})).object, "x");
  EXPECT_EQ(base::DetailOf(DuplicateName("map", "x")).reason, base::Reason::kDuplicateName);
}

}  // namespace
}  // namespace bpfrig::worker
