// ClientFrames: finds, in what a client of HTTP/2 sends, the streams that it begins. Each is a call, of which
// gRPC (1.51) tells nobody before its message has come, and of which it holds as many as a client likes that
// does not acknowledge the server's settings. ArrivingBytes shows it each connection's bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace bpfrig::front {

class ClientFrames {
 public:
  struct Streams {
    size_t begun = 0;
    // How many of the bytes were read: all, unless too many streams begin in them.
    size_t bytes = 0;
  };
  // The connection's next bytes, up to the beginning of the stream that is one more than `most`. None begin
  // in what is not HTTP/2, such as TLS.
  [[nodiscard]] Streams Read(absl::string_view bytes, size_t most);

 private:
  static constexpr size_t kHeaderBytes = 9;

  // What comes next: what every client of HTTP/2 says first, a frame's header, its payload, or nothing that
  // could be read.
  enum class Part : uint8_t { kPreface, kHeader, kPayload, kUnknown };

  [[nodiscard]] size_t ReadPreface(absl::string_view bytes);
  [[nodiscard]] size_t ReadHeader(absl::string_view bytes, size_t& begun);
  [[nodiscard]] size_t SkipPayload(absl::string_view bytes);

  Part part_ = Part::kPreface;
  size_t done_ = 0;  // bytes of that part
  size_t payload_ = 0;
  uint32_t last_stream_ = 0;
  std::array<char, kHeaderBytes> header_{};
};

}  // namespace bpfrig::front
