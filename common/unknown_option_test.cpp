#include "common/unknown_option.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(UnknownOptionTest, NamesTheNearest) {
  EXPECT_EQ(UnknownOption("--tests=x", {"--test", "-j"}, "bpfrig run"),
            "there is no option --tests (did you mean \"--test\"?); `bpfrig run --help` lists them");
  EXPECT_EQ(UnknownOption("--quite-another", {"--test"}, "bpfrigd"),
            "there is no option --quite-another; `bpfrigd --help` lists them");
}

TEST(UnknownOptionTest, SaysHowOftenOneWasGiven) {
  EXPECT_EQ(NotOneValue("--log-dir", 0, "DIR"), "--log-dir lacks its value: --log-dir DIR");
  EXPECT_EQ(NotOneValue("--log-dir", 2, "DIR"), "--log-dir is given twice, and takes one value");
  EXPECT_EQ(NotOneValue("-j", 3, "N"), "-j is given 3 times, and takes one value");
}

}  // namespace
}  // namespace bpfrig::common
