// Kernels in Debian's packages, through apt: from the mirrors that this machine's own apt uses, in lists of
// our own, so that nothing of the machine's changes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/guest/kernel_cache.h"
#include "client/guest/kernel_spec.h"

namespace bpfrig::client::guest {

struct PackagedKernel {
  std::string package;
  std::string version;
  std::string suite;
  // "6.12.118+deb13-cloud-amd64".
  std::string release;
};

// The kernels for cloud machines in what `apt-cache madison` printed ("PACKAGE | VERSION | URI SUITE/main
// ..."), newest first. Of one kernel, the packages that may have its image come one after the other.
[[nodiscard]] std::vector<PackagedKernel> ReadMadison(absl::string_view text);
// Those that a spec names, in the same order. Of a suite, only its own and its security updates'.
[[nodiscard]] std::vector<PackagedKernel> Named(const KernelSpec& spec,
                                                const std::vector<PackagedKernel>& kernels);

class AptKernels {
 public:
  // Reads the lists anew. `directory` keeps them. UNAVAILABLE if there is no apt, or it has no mirror of
  // Debian.
  [[nodiscard]] static absl::StatusOr<AptKernels> Open(const std::filesystem::path& directory);

  // The newest kernel that the spec names, into the cache. `say` gets a line for what takes a while.
  [[nodiscard]] absl::StatusOr<Kernel> Fetch(const KernelSpec& spec, const KernelCache& cache,
                                             const std::function<void(const std::string&)>& say) const;

 private:
  AptKernels(std::filesystem::path directory, std::vector<PackagedKernel> kernels)
      : directory_(std::move(directory)), kernels_(std::move(kernels)) {}

  [[nodiscard]] absl::Status FetchOne(const PackagedKernel& packaged, const KernelCache& cache) const;

  std::filesystem::path directory_;
  std::vector<PackagedKernel> kernels_;
};

}  // namespace bpfrig::client::guest
