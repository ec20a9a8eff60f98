#include "client/run/file_name.h"

#include <gtest/gtest.h>

namespace bpfrig::client::run {
namespace {

TEST(FileNameTest, KeepsWhatAFileMayBeCalledAnywhere) {
  EXPECT_EQ(FileName("egress_v4-2.b"), "egress_v4-2.b");
  EXPECT_EQ(FileName("a / b: \"c\""), "a_b_c_");
  EXPECT_EQ(FileName("na\xc3\xafve"), "na_ve");
}

TEST(FileNameTest, NamesNothingAbove) {
  EXPECT_EQ(FileName(""), "_");
  EXPECT_EQ(FileName("."), "_");
  EXPECT_EQ(FileName(".."), "_.");
  EXPECT_EQ(FileName("../../etc"), "_._.._etc");
}

TEST(FileNameTest, CutsWhatIsTooLong) { EXPECT_EQ(FileName(std::string(5000, 'x')), std::string(200, 'x')); }

TEST(UniqueNameTest, NumbersWhatIsTaken) {
  std::set<std::string> taken;
  EXPECT_EQ(UniqueName("a", ".json", taken), "a.json");
  EXPECT_EQ(UniqueName("a", ".json", taken), "a@2.json");
  EXPECT_EQ(UniqueName("A", ".json", taken), "A@3.json") << "the same file where case does not count";
  EXPECT_EQ(UniqueName("a", ".log", taken), "a.log");
}

}  // namespace
}  // namespace bpfrig::client::run
