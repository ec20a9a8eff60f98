// An initramfs, as the kernel unpacks it: a cpio archive ("newc") in memory.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct archive;

namespace bpfrig::client::guest {

class Cpio {
 public:
  Cpio();
  ~Cpio();
  Cpio(const Cpio&) = delete;
  Cpio& operator=(const Cpio&) = delete;

  // Each adds the directories above it, too; a path that is there already is left as it is. Paths are
  // absolute.
  void AddDirectory(const std::filesystem::path& path);
  void AddFile(const std::filesystem::path& path, absl::string_view bytes, bool is_executable = false);
  // The archive's bytes; nothing can be added after that.
  [[nodiscard]] absl::StatusOr<std::string> Finish();

 private:
  void Add(const std::filesystem::path& path, unsigned type, unsigned mode, absl::string_view bytes);

  archive* writer_;
  std::string bytes_;
  std::set<std::filesystem::path> known_;
  absl::Status status_;
};

}  // namespace bpfrig::client::guest
