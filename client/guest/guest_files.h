// Files that a guest sent of what its run wrote. The guest is not trusted: neither with names, which must not
// lead out of the folder that it was given, nor with how much there is.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::guest {

inline constexpr size_t kMaxGuestFiles = 10'000;
inline constexpr size_t kMaxGuestFileBytes = size_t{64} << 20;

struct GuestFile {
  // The place of its folder in Job::folders.
  size_t folder = 0;
  // Below the folder.
  std::string path;
  std::string bytes;
};

class GuestFiles {
 public:
  // Takes a frame: the folder's place, '/', the path, a zero, the bytes. What is none, or more than may come,
  // is left out, which status() tells.
  void Take(absl::string_view frame);

  [[nodiscard]] const std::vector<GuestFile>& all() const { return files_; }
  // The first frame that was left out: INVALID_ARGUMENT or RESOURCE_EXHAUSTED.
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  std::vector<GuestFile> files_;
  size_t bytes_ = 0;
  absl::Status status_;
};

// Whether `path` can only mean a file below a folder: names that are neither empty, nor "." or "..", nor have
// control characters, with '/' between them, and not too many or too long.
[[nodiscard]] bool IsPathBelow(absl::string_view path);

// Writes a file below the directory, which is made with its parents if it is not there. Follows no link below
// it, and writes over no file that a link elsewhere means: what has the name already is removed first.
[[nodiscard]] absl::Status WriteBelow(const std::filesystem::path& directory, const std::string& path,
                                      absl::string_view bytes);

}  // namespace bpfrig::client::guest
