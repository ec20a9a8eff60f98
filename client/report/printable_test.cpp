#include "client/report/printable.h"

#include <gtest/gtest.h>

namespace bpfrig::client::report {
namespace {

TEST(PrintableTest, LeavesTextAsItIs) {
  for (const char* text : {"", "a <b> & \"c\"\n\td", "größer, 日本語, \xf0\x9f\x90\x9d"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(PrintableTest, ShowsWhatCannotBeShown) {
  EXPECT_EQ(Printable(absl::string_view("a\0b\x1b[31m\r\n\x7f", 11)), "a\\x00b\\x1b[31m\\x0d\n\\x7f");
  EXPECT_EQ(Printable("\xff and \xc3"), "\\xff and \\xc3");
  EXPECT_EQ(Printable("\xc2\x85 \xe2\x80\xae \xef\xbf\xbf"), "\\xc2\\x85 \\xe2\\x80\\xae \\xef\\xbf\\xbf");
  // Their neighbours.
  EXPECT_EQ(Printable("\xc2\xa0 \xe2\x80\xaf \xef\xbf\xbd"), "\xc2\xa0 \xe2\x80\xaf \xef\xbf\xbd");
}

}  // namespace
}  // namespace bpfrig::client::report
