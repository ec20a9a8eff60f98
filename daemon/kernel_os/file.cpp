#include "daemon/kernel_os/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

using base::ErrnoError;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string PathOf(int directory) {
  std::array<char, 4096> path{};
  const ssize_t size =
      ::readlink(absl::StrCat("/proc/self/fd/", directory).c_str(), path.data(), path.size());
  return size < 0 ? "" : std::string(path.data(), static_cast<size_t>(size));
}

absl::StatusOr<common::Fd> OpenDirectory(int directory, const std::string& name, absl::string_view what) {
  common::Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.IsOpen()) return ErrnoError(absl::StrCat("opening ", what));
  return fd;
}

absl::StatusOr<std::string> ReadSmallFile(int directory, const std::string& name, absl::string_view what) {
  const common::Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.IsOpen()) return ErrnoError(absl::StrCat("opening ", what));
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = TEMP_FAILURE_RETRY(::read(fd.Get(), buffer.data(), buffer.size()));
    if (count < 0) return ErrnoError(absl::StrCat("reading ", what));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

absl::Status WriteSmallFile(int directory, const std::string& name, absl::string_view text,
                            absl::string_view what) {
  const common::Fd fd(::openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.IsOpen()) return ErrnoError(absl::StrCat("opening ", what));
  if (TEMP_FAILURE_RETRY(::write(fd.Get(), text.data(), text.size())) < 0) {
    return ErrnoError(absl::StrCat("writing ", what));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_os
