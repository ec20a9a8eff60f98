#include "daemon/front/callers/client_frames.h"

#include <gtest/gtest.h>

#include <string>

namespace bpfrig::front {
namespace {

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kData = 0x0;
constexpr char kHeaders = 0x1;
constexpr char kReset = 0x3;
constexpr char kSettings = 0x4;

constexpr size_t kMost = 100;

std::string Frame(char type, char stream, const std::string& payload = "") {
  std::string frame(2, '\0');
  frame += static_cast<char>(payload.size());
  frame += type;
  frame += std::string(4, '\0');
  return frame + stream + payload;
}

size_t Begun(ClientFrames& frames, absl::string_view bytes) { return frames.Read(bytes, kMost).begun; }

TEST(ClientFramesTest, CountsEachStreamOnce) {
  ClientFrames frames;
  // What looks like a frame inside of one is none.
  const std::string inside = Frame(kHeaders, 99);
  EXPECT_EQ(
      Begun(frames, kPreface + Frame(kSettings, 0) + Frame(kHeaders, 1, "path") + Frame(kData, 1, inside) +
                        Frame(kHeaders, 1, "trailers") + Frame(kHeaders, 3) + Frame(kReset, 3, "1234")),
      2u);
  EXPECT_EQ(Begun(frames, Frame(kHeaders, 5)), 1u);
}

TEST(ClientFramesTest, AnEvenNumberHidesNoStreamAfterIt) {
  ClientFrames frames;
  EXPECT_EQ(Begun(frames, kPreface + Frame(kHeaders, 98) + Frame(kHeaders, 1)), 1u);
}

TEST(ClientFramesTest, ReadsBytesAsTheyCome) {
  ClientFrames frames;
  size_t begun = 0;
  for (const char byte :
       kPreface + Frame(kSettings, 0, "123456") + Frame(kHeaders, 1, "p") + Frame(kHeaders, 3)) {
    begun += Begun(frames, absl::string_view(&byte, 1));
  }
  EXPECT_EQ(begun, 2u);
}

TEST(ClientFramesTest, StopsAtTheStreamThatIsOneTooMany) {
  ClientFrames frames;
  const std::string taken = kPreface + Frame(kHeaders, 1) + Frame(kHeaders, 3) + Frame(kHeaders, 5);
  const ClientFrames::Streams streams = frames.Read(taken + Frame(kHeaders, 7) + Frame(kHeaders, 9), 2);
  EXPECT_EQ(streams.begun, 3u);
  EXPECT_EQ(streams.bytes, taken.size());
}

TEST(ClientFramesTest, SeesNothingInWhatIsNotHttp2) {
  ClientFrames tls;
  EXPECT_EQ(Begun(tls, "\x16\x03\x01" + kPreface + Frame(kHeaders, 1)), 0u);
  EXPECT_EQ(Begun(tls, kPreface + Frame(kHeaders, 1)), 0u);
  ClientFrames other;
  EXPECT_EQ(Begun(other, "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n" + Frame(kHeaders, 1)), 0u);
}

}  // namespace
}  // namespace bpfrig::front
