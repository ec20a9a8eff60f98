#include "daemon/front/sandboxes/sealed_memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::ErrnoError;

// MFD_NOEXEC_SEAL, which Debian 12's libc does not name. Kernels from 6.3 on log a warning without it; those
// before say EINVAL to it.
constexpr unsigned int kNoExecSeal = 0x0008;

common::Fd CreateMemfd() {
  common::Fd fd(::memfd_create("bpf_object", MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal));
  if (fd.IsOpen() || errno != EINVAL) return fd;
  return common::Fd(::memfd_create("bpf_object", MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

}  // namespace

absl::StatusOr<common::Fd> MakeSealedMemfd(absl::string_view bytes) {
  common::Fd fd = CreateMemfd();
  if (!fd.IsOpen()) return ErrnoError("making a memfd for an object");
  while (!bytes.empty()) {
    const ssize_t count = TEMP_FAILURE_RETRY(::write(fd.Get(), bytes.data(), bytes.size()));
    if (count < 0) return ErrnoError("writing an object to its memfd");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  // The worker shares the file position.
  if (::lseek(fd.Get(), 0, SEEK_SET) != 0) return ErrnoError("rewinding an object's memfd");
  if (::fcntl(fd.Get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return ErrnoError("sealing an object's memfd");
  }
  return fd;
}

}  // namespace bpfrig::front
