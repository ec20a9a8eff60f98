// FileWatch: notices when files are written, or replaced, in the folders that it watches. Folders and not
// files, because editors rename a new file into place and Kubernetes swaps a link next to it. Its owner reads
// the files again.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

class FileWatch {
 public:
  static absl::StatusOr<FileWatch> Open();

  // Watching a folder again is not an error, and finds one that took the old one's place.
  [[nodiscard]] absl::Status Add(const std::string& folder);
  // Readable when something has happened.
  [[nodiscard]] int Get() const { return fd_.Get(); }
  // Takes all that has happened, without waiting.
  [[nodiscard]] absl::Status Drain();

 private:
  explicit FileWatch(common::Fd fd) : fd_(std::move(fd)) {}

  common::Fd fd_;
};

}  // namespace bpfrig::kernel_os
