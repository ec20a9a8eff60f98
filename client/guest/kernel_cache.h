// Kernels that were fetched, each in a directory of its release with a checksum. Used without a network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/guest/kernel_spec.h"

namespace bpfrig::client::guest {

struct Kernel {
  // "6.1.0-50-cloud-amd64", or of a file its path.
  std::string release;
  // The package that it came in, and the package's version: "6.1.176-1". Empty of a file.
  std::string package;
  std::string version;
  // The suites that it was the newest of when it was fetched, "trixie".
  std::vector<std::string> suites;
  std::filesystem::path image;
  // What the image was when it was fetched, as SHA-256. Empty of a file, and before it is in the cache.
  std::string checksum = {};
};

class KernelCache {
 public:
  // In the user's cache folder (common/cache_directory.h); made if it is not there.
  [[nodiscard]] static absl::StatusOr<KernelCache> Open();
  explicit KernelCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  // Where images of our programs are kept.
  [[nodiscard]] std::filesystem::path images() const { return directory_ / "images"; }

  // All of them, oldest first.
  [[nodiscard]] absl::StatusOr<std::vector<Kernel>> List() const;
  // The newest that the spec names, or the file that it names. INVALID_ARGUMENT says how to get it, or that a
  // file is not a kernel; DATA_LOSS if it is not what was fetched.
  [[nodiscard]] absl::StatusOr<Kernel> Find(const KernelSpec& spec) const;
  // Keeps a kernel whose image is elsewhere, instead of one of the same release.
  [[nodiscard]] absl::Status Add(const Kernel& kernel) const;
  // What was removed: every kernel that the spec names.
  [[nodiscard]] absl::StatusOr<std::vector<Kernel>> Remove(const KernelSpec& spec) const;

 private:
  [[nodiscard]] std::filesystem::path kernels() const { return directory_ / "kernels"; }

  std::filesystem::path directory_;
};

}  // namespace bpfrig::client::guest
