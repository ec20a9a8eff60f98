#include "daemon/front/callers/client_frames.h"

#include <algorithm>

namespace bpfrig::front {
namespace {

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// RFC 9113.
constexpr char kHeadersFrame = 0x1;
constexpr uint32_t kStreamMask = 0x7fffffff;

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

ClientFrames::Streams ClientFrames::Read(absl::string_view bytes, size_t most) {
  Streams streams;
  while (streams.bytes < bytes.size() && streams.begun <= most) {
    const absl::string_view rest = bytes.substr(streams.bytes);
    if (part_ == Part::kPreface) {
      streams.bytes += ReadPreface(rest);
    } else if (part_ == Part::kHeader) {
      streams.bytes += ReadHeader(rest, streams.begun);
    } else if (part_ == Part::kPayload) {
      streams.bytes += SkipPayload(rest);
    } else {
      streams.bytes = bytes.size();
    }
  }
  return streams;
}

size_t ClientFrames::ReadPreface(absl::string_view bytes) {
  const absl::string_view rest = kPreface.substr(done_);
  const size_t count = std::min(rest.size(), bytes.size());
  if (bytes.substr(0, count) != rest.substr(0, count)) {
    part_ = Part::kUnknown;
    return bytes.size();
  }
  done_ += count;
  if (done_ < kPreface.size()) return count;
  part_ = Part::kHeader;
  done_ = 0;
  return count;
}

size_t ClientFrames::ReadHeader(absl::string_view bytes, size_t& begun) {
  const size_t count = std::min(header_.size() - done_, bytes.size());
  bytes.copy(&header_.at(done_), count);
  done_ += count;
  if (done_ < header_.size()) return count;
  const absl::string_view header(header_.data(), header_.size());
  const uint32_t stream = BigEndian(header.substr(5)) & kStreamMask;
  // A stream's second headers are its trailers, and streams of even numbers, a server's, are ignored by gRPC.
  if (header[3] == kHeadersFrame && stream % 2 == 1 && stream > last_stream_) {
    ++begun;
    last_stream_ = stream;
  }
  payload_ = BigEndian(header.substr(0, 3));
  part_ = payload_ == 0 ? Part::kHeader : Part::kPayload;
  done_ = 0;
  return count;
}

size_t ClientFrames::SkipPayload(absl::string_view bytes) {
  const size_t count = std::min(payload_, bytes.size());
  payload_ -= count;
  if (payload_ == 0) part_ = Part::kHeader;
  return count;
}

}  // namespace bpfrig::front
