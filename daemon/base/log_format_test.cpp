#include "daemon/base/log_format.h"

#include <gtest/gtest.h>

namespace bpfrig::base {
namespace {

std::string Format(LogFormat format, absl::string_view message) {
  return FormatLine(format, {.time = absl::FromUnixMillis(1769860800123),
                             .level = LogLevel::kWarning,
                             .process = "front",
                             .message = message});
}

TEST(LogFormatTest, TextIsOneLine) {
  EXPECT_EQ(Format(LogFormat::kText, "refused x\nforged\x1b[31m"),
            "2026-01-31T12:00:00.123Z warning bpfrigd front: refused x\\x0aforged\\x1b[31m\n");
}

TEST(LogFormatTest, JsonIsOneObject) {
  EXPECT_EQ(Format(LogFormat::kJson, "sandbox \"a\\b\"\n\t\xc3\xa4 \xe2\x82\xac \xff\xc3"),
            "{\"time\":\"2026-01-31T12:00:00.123Z\",\"level\":\"warning\",\"process\":\"front\","
            "\"message\":\"sandbox \\\"a\\\\b\\\"\\u000a\\u0009\xc3\xa4 \xe2\x82\xac \\ufffd\\ufffd\"}\n");
}

TEST(LogFormatTest, LongMessagesAreCut) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = Format(format, std::string(100'000, '\x01'));
    EXPECT_LE(line.size(), kMaxLineBytes);
    EXPECT_GT(line.size(), kMaxLineBytes / 2);
    EXPECT_NE(line.find("..."), std::string::npos);
    EXPECT_EQ(line.back(), '\n');
  }
}

}  // namespace
}  // namespace bpfrig::base
