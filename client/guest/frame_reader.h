// Puts frames together from what comes over a serial port, piece by piece.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/guest/frames.h"

namespace bpfrig::client::guest {

struct Frame {
  FrameKind kind = FrameKind::kAlive;
  std::string payload;
};

class FrameReader {
 public:
  void Add(absl::string_view bytes) { pending_.append(bytes.data(), bytes.size()); }
  // The next whole frame, if there is one. INVALID_ARGUMENT if what came is not a frame.
  [[nodiscard]] absl::StatusOr<std::optional<Frame>> Next();

 private:
  std::string pending_;
};

}  // namespace bpfrig::client::guest
