#include "common/shown_text.h"

#include <gtest/gtest.h>

namespace bpfrig::common {
namespace {

TEST(ShownTextTest, KeepsWhatIsUtf8) {
  for (const char* text : {"", "plain", "tab\tand\nline", "gr\xc3\xbcn", "\xe2\x82\xac", "\xf0\x9f\x90\x9d",
                           "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", "a \\xff that was written so"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(ShownText(text), text);
  }
}

TEST(ShownTextTest, WritesEveryOtherByteAsHexadecimal) {
  EXPECT_EQ(ShownText("tc/\xff\xfe"), "tc/\\xff\\xfe");
  EXPECT_EQ(ShownText("\x80"
                      "after"),
            "\\x80after");
  EXPECT_EQ(ShownText("cut \xe2\x82"), "cut \\xe2\\x82");
  EXPECT_EQ(ShownText("\xe2\x82"
                      "a"),
            "\\xe2\\x82a");
  EXPECT_EQ(ShownText("\xff\xc3\xbc\xff"), "\\xff\xc3\xbc\\xff");
}

TEST(ShownTextTest, TakesNoOverlongFormsSurrogatesAndNumbersThatAreTooLarge) {
  for (const char* bytes : {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bytes));
  }
}

}  // namespace
}  // namespace bpfrig::common
