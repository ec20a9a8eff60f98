// Directories, and small files such as the kernel's own (proc, cgroupfs), read and written whole. `directory`
// is an open directory, or AT_FDCWD; `what` names the file in messages.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fd.h"

namespace bpfrig::kernel_os {

// The directory that the path's last part is in: "/run" of "/run/x", "/" of "/x", "." of "x".
[[nodiscard]] std::string DirectoryOf(const std::string& path);

// Where an open directory is, as the kernel tells; under a mount that is in no mount table, the path within
// it. Empty if it does not tell.
[[nodiscard]] std::string PathOf(int directory);

[[nodiscard]] absl::StatusOr<common::Fd> OpenDirectory(int directory, const std::string& name,
                                                       absl::string_view what);
[[nodiscard]] absl::StatusOr<std::string> ReadSmallFile(int directory, const std::string& name,
                                                        absl::string_view what);
// Writes an existing file with one write(): these files take a value whole or not at all.
[[nodiscard]] absl::Status WriteSmallFile(int directory, const std::string& name, absl::string_view text,
                                          absl::string_view what);

}  // namespace bpfrig::kernel_os
