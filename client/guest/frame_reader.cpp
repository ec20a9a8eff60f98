#include "client/guest/frame_reader.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace bpfrig::client::guest {
namespace {

bool IsKind(char kind) {
  switch (static_cast<FrameKind>(kind)) {
    case FrameKind::kBooted:
    case FrameKind::kAlive:
    case FrameKind::kOutput:
    case FrameKind::kFile:
    case FrameKind::kReport:
    case FrameKind::kExit:
    case FrameKind::kFailed:
      return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::optional<Frame>> FrameReader::Next() {
  if (pending_.size() < kFrameHeaderBytes) return std::nullopt;
  uint32_t length = 0;
  for (size_t i = 0; i < sizeof(length); ++i) {
    length |= static_cast<uint32_t>(static_cast<unsigned char>(pending_[1 + i])) << (8 * i);
  }
  if (!IsKind(pending_[0]) || length > kMaxFrameBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a frame of kind ", static_cast<int>(pending_[0]), " and ",
                                                   length, " bytes came from the guest"));
  }
  if (pending_.size() < kFrameHeaderBytes + length) return std::nullopt;
  Frame frame{static_cast<FrameKind>(pending_[0]), pending_.substr(kFrameHeaderBytes, length)};
  pending_.erase(0, kFrameHeaderBytes + length);
  return frame;
}

}  // namespace bpfrig::client::guest
