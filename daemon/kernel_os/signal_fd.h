// SignalFd: the signals that ask for an orderly end, or to read files again, read from a descriptor instead
// of interrupting.
#pragma once

#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

class SignalFd {
 public:
  // Blocks SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE, and opens the descriptor. ChildProcess undoes both
  // for what it starts.
  static absl::StatusOr<SignalFd> Open();

  // Readable when one has come.
  [[nodiscard]] int Get() const { return fd_.Get(); }
  // Takes one that has come; its number.
  [[nodiscard]] absl::StatusOr<int> Read();

 private:
  explicit SignalFd(common::Fd fd) : fd_(std::move(fd)) {}

  common::Fd fd_;
};

}  // namespace bpfrig::kernel_os
