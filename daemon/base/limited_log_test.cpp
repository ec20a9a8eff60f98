#include "daemon/base/limited_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace bpfrig::base {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class LimitedLogTest : public ::testing::Test {
 protected:
  void Say(const std::string& thing, const std::string& line, absl::Duration at) {
    log_.Say(LogLevel::kWarning, thing, line, absl::UnixEpoch() + at);
  }

  std::vector<std::string> lines_;
  LimitedLog log_{[this](LogLevel, absl::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LimitedLogTest, SaysAThingOnceASecondAndThenHowOften) {
  for (int i = 0; i < 1000; ++i) Say("wrong token", absl::StrCat("call ", i), absl::Milliseconds(i / 2));
  EXPECT_THAT(lines_, ElementsAre("call 0"));
  Say("wrong token", "call 1000", absl::Milliseconds(1001));
  EXPECT_THAT(lines_, ElementsAre("call 0", "wrong token: 999 more times", "call 1000"));
}

TEST_F(LimitedLogTest, FlushSaysWhatNobodyElseDoes) {
  Say("x", "x", absl::ZeroDuration());
  Say("x", "x", absl::ZeroDuration());
  EXPECT_EQ(log_.NextFlush(), absl::UnixEpoch() + absl::Seconds(1));
  log_.Flush(absl::UnixEpoch() + absl::Milliseconds(999));
  EXPECT_THAT(lines_, SizeIs(1));
  log_.Flush(absl::UnixEpoch() + absl::Seconds(1));
  EXPECT_THAT(lines_, ElementsAre("x", "x: 1 more times"));
  EXPECT_EQ(log_.NextFlush(), absl::InfiniteFuture());
}

TEST_F(LimitedLogTest, DoesNotGrowWithTheNumberOfThings) {
  for (int i = 0; i < 1000; ++i) Say(absl::StrCat(i), absl::StrCat(i), absl::ZeroDuration());
  EXPECT_THAT(lines_, SizeIs(LimitedLog::kMaxThings));
  log_.Flush(absl::UnixEpoch() + absl::Seconds(1));
  EXPECT_EQ(lines_.back(), absl::StrCat("other things: ", 1000 - LimitedLog::kMaxThings, " more times"));
}

}  // namespace
}  // namespace bpfrig::base
