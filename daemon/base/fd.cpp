#include "daemon/base/fd.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::base {

Fd::~Fd() { Close(); }

void Fd::Close() {
  const int fd = Release();
  // Linux releases the descriptor even where close() fails; closing again could close somebody else's.
  if (fd >= 0 && ::close(fd) != 0) {
    LogWarning(ErrnoError(absl::StrCat("closing file descriptor ", fd)).message());
  }
}

}  // namespace bpfrig::base
