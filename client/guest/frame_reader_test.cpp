#include "client/guest/frame_reader.h"

#include <gtest/gtest.h>

namespace bpfrig::client::guest {
namespace {

const std::string kBooted("B\x03\0\0\0", 5);

TEST(FrameReaderTest, PutsAFrameTogetherFromSingleBytes) {
  FrameReader reader;
  for (const char byte : kBooted + "6.1") {
    ASSERT_FALSE(reader.Next()->has_value());
    reader.Add(std::string(1, byte));
  }
  const auto frame = reader.Next();
  ASSERT_TRUE(frame.ok() && frame->has_value());
  EXPECT_EQ((*frame)->kind, FrameKind::kBooted);
  EXPECT_EQ((*frame)->payload, "6.1");
  EXPECT_FALSE(reader.Next()->has_value());
}

TEST(FrameReaderTest, TakesFramesThatCameTogether) {
  FrameReader reader;
  reader.Add(kBooted + "6.1" + std::string("A\0\0\0\0", 5) + std::string("X\x01\0\0\0", 5) + "0");
  EXPECT_EQ((*reader.Next())->payload, "6.1");
  EXPECT_EQ((*reader.Next())->kind, FrameKind::kAlive);
  EXPECT_EQ((*reader.Next())->payload, "0");
}

TEST(FrameReaderTest, RefusesWhatIsNotAFrame) {
  FrameReader text;
  text.Add("Linux version 6.1");
  EXPECT_FALSE(text.Next().ok());
  FrameReader huge;
  huge.Add(std::string("R\xff\xff\xff\xff", 5));
  EXPECT_FALSE(huge.Next().ok());
}

}  // namespace
}  // namespace bpfrig::client::guest
