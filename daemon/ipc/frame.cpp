#include "daemon/ipc/frame.h"

#include <google/protobuf/message_lite.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::ipc {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr uint32_t kMoreFollows = 0x80000000;

using base::MakeError;
using base::Reason;

void AppendHeader(uint32_t header, std::string& frames) {
  for (int shift = 0; shift < 32; shift += 8) frames.push_back(static_cast<char>((header >> shift) & 0xff));
}

uint32_t ReadHeader(absl::string_view bytes) {
  uint32_t header = 0;
  for (size_t i = 0; i < kHeaderBytes; ++i) {
    header |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return header;
}

absl::Status CheckSize(size_t size) {
  if (size <= kMaxMessageBytes) return absl::OkStatus();
  return MakeError(Reason::kLimitReached, absl::StrCat("encoding a message of ", size, " bytes: at most ",
                                                       kMaxMessageBytes, " are allowed"));
}

}  // namespace

absl::StatusOr<std::string> EncodeFrames(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  // Before as much memory is taken.
  BPFRIG_RETURN_IF_ERROR(CheckSize(size));
  std::string encoded(size, '\0');
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(encoded.data()));
  return FramesOf(encoded);
}

absl::StatusOr<std::string> FramesOf(absl::string_view encoded) {
  BPFRIG_RETURN_IF_ERROR(CheckSize(encoded.size()));
  std::string frames;
  frames.reserve(encoded.size() + kHeaderBytes * (encoded.size() / kMaxFrameBytes + 1));
  size_t offset = 0;
  do {
    const absl::string_view frame = encoded.substr(offset, kMaxFrameBytes);
    offset += frame.size();
    const bool more = offset < encoded.size();
    AppendHeader(static_cast<uint32_t>(frame.size()) | (more ? kMoreFollows : 0), frames);
    frames.append(frame.data(), frame.size());
  } while (offset < encoded.size());
  return frames;
}

void FrameDecoder::Append(absl::string_view bytes) {
  pending_.erase(0, consumed_);
  consumed_ = 0;
  pending_.append(bytes.data(), bytes.size());
}

absl::StatusOr<bool> FrameDecoder::Next(google::protobuf::MessageLite& message) {
  std::string encoded;
  BPFRIG_ASSIGN_OR_RETURN(const bool complete, NextEncoded(encoded));
  if (!complete || message.ParseFromString(encoded)) return complete;
  return MakeError(Reason::kInternal, absl::StrCat("parsing a ", message.GetTypeName(), ": malformed"));
}

absl::StatusOr<bool> FrameDecoder::NextEncoded(std::string& message) {
  while (true) {
    const absl::string_view rest = absl::string_view(pending_).substr(consumed_);
    if (rest.size() < kHeaderBytes) return false;
    const uint32_t header = ReadHeader(rest);
    const size_t length = header & ~kMoreFollows;
    if (length > kMaxFrameBytes || partial_.size() + length > kMaxMessageBytes) {
      return MakeError(Reason::kInternal, absl::StrCat("reading a frame of ", length, " bytes: too long"));
    }
    if (rest.size() < kHeaderBytes + length) return false;
    partial_.append(rest.data() + kHeaderBytes, length);
    consumed_ += kHeaderBytes + length;
    if ((header & kMoreFollows) != 0) continue;
    message = std::exchange(partial_, std::string());
    return true;
  }
}

}  // namespace bpfrig::ipc
