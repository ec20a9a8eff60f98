// FileWatch: tells that files were written, or replaced, in the folders that it watches. Folders and not
// files, because editors rename a new file into place and Kubernetes swaps a link beside it. Owned by whoever
// wants to read the files again.
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

  // Again is no error, and finds a folder that took the place of the one before.
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
