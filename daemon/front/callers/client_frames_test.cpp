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

std::string Frame(char type, char stream, const std::string& payload = "") {
  std::string frame(2, '\0');
  frame += static_cast<char>(payload.size());
  frame += type;
  frame += std::string(4, '\0');
  return frame + stream + payload;
}

TEST(ClientFramesTest, CountsEachStreamOnce) {
  ClientFrames frames;
  // What looks like a frame inside of one is none.
  const std::string inside = Frame(kHeaders, 99);
  EXPECT_EQ(
      frames.Read(kPreface + Frame(kSettings, 0) + Frame(kHeaders, 1, "path") + Frame(kData, 1, inside) +
                  Frame(kHeaders, 1, "trailers") + Frame(kHeaders, 3) + Frame(kReset, 3, "1234")),
      2u);
  EXPECT_EQ(frames.Read(Frame(kHeaders, 5)), 1u);
}

TEST(ClientFramesTest, ReadsBytesAsTheyCome) {
  ClientFrames frames;
  size_t begun = 0;
  for (const char byte :
       kPreface + Frame(kSettings, 0, "123456") + Frame(kHeaders, 1, "p") + Frame(kHeaders, 3)) {
    begun += frames.Read({&byte, 1});
  }
  EXPECT_EQ(begun, 2u);
}

TEST(ClientFramesTest, SeesNothingInWhatIsNotHttp2) {
  ClientFrames tls;
  EXPECT_EQ(tls.Read("\x16\x03\x01" + kPreface + Frame(kHeaders, 1)), 0u);
  EXPECT_EQ(tls.Read(kPreface + Frame(kHeaders, 1)), 0u);
  ClientFrames other;
  EXPECT_EQ(other.Read("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n" + Frame(kHeaders, 1)), 0u);
}

}  // namespace
}  // namespace bpfrig::front
