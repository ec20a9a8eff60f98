#include "daemon/kernel_bpf/program/verifier_log.h"

#include <gtest/gtest.h>

#include <cstring>

namespace bpfrig::kernel_bpf {
namespace {

TEST(VerifierLogTest, KeepsAShortLogWhole) {
  bool cut = false;
  EXPECT_EQ(LogEnd("one\ntwo\n", kKeptLog, cut), "one\ntwo\n");
  EXPECT_FALSE(cut);
}

TEST(VerifierLogTest, KeepsTheEndOfALongLogFromALinesStart) {
  std::string log;
  for (int i = 0; i < 20000; ++i) log += "line " + std::to_string(i) + "\n";
  bool cut = false;
  std::string end = LogEnd(log, kKeptLog, cut);
  EXPECT_TRUE(cut);
  EXPECT_LE(end.size(), kKeptLog);
  EXPECT_EQ(end.substr(0, 5), "line ");
  EXPECT_EQ(end.substr(end.size() - 11), "line 19999\n");
}

TEST(VerifierLogTest, KeepsAsMuchAsIsWanted) {
  bool cut = false;
  EXPECT_EQ(LogEnd("one\ntwo\nthree\n", 9, cut), "three\n");
  EXPECT_TRUE(cut);
}

TEST(VerifierLogTest, KnowsWhetherTheVerdictIsInTheLog) {
  EXPECT_TRUE(HasLogEnd("R0 !read_ok\nprocessed 3 insns (limit 1000000)\n"));
  EXPECT_FALSE(HasLogEnd("processed 3 insns\n" + std::string(5000, 'x')));
  EXPECT_FALSE(HasLogEnd(""));
}

TEST(VerifierLogTest, ReadsWhatWasWrittenIntoEachBuffer) {
  LogMemory memory = LogMemory::Allocate(2, 64).value();
  EXPECT_EQ(memory.Text(0), "");
  std::memcpy(memory.Buffer(1), "second", 7);
  std::memset(memory.Buffer(0), 'x', 64);
  EXPECT_EQ(memory.Text(0), std::string(64, 'x')) << "a full buffer has no terminating zero";
  LogMemory moved = std::move(memory);
  EXPECT_EQ(moved.Text(1), "second");
}

}  // namespace
}  // namespace bpfrig::kernel_bpf
