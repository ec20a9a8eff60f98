// What `--kernel` and `bpfrig kernels` take: names of kernels.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::guest {

struct KernelSpec {
  enum class Kind {
    // The kernel that we run on, without a guest.
    kHost,
    // A vmlinuz or bzImage.
    kFile,
    // "6.1", "6.12.118": the newest whose release or package version starts so.
    kVersion,
    // "trixie", "sid": the newest of that suite of Debian.
    kSuite,
  };
  Kind kind = Kind::kHost;
  // As it was written.
  std::string text;
};

// Reads "5.10,6.1,/boot/vmlinuz-x,host". INVALID_ARGUMENT says what may stand there.
[[nodiscard]] absl::StatusOr<std::vector<KernelSpec>> ParseKernelSpecs(absl::string_view text);

// Whether a spec of kind kVersion names the kernel with this release, or of this package's version.
[[nodiscard]] bool NamesVersion(const KernelSpec& spec, absl::string_view release, absl::string_view version);
// Whether a version, "6.1.0-50-cloud-amd64", starts with all parts of a prefix: with "6.1", not with "6.12".
[[nodiscard]] bool StartsWithVersion(absl::string_view version, absl::string_view prefix);
// Whether version `a` is older than `b`, number by number.
[[nodiscard]] bool IsOlder(absl::string_view a, absl::string_view b);

}  // namespace bpfrig::client::guest
