#include "common/fd.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bpfrig::common {

Fd::~Fd() { Close(); }

void Fd::Close() {
  const int fd = Release();
  // Linux releases the descriptor even if close() fails; closing again could close somebody else's.
  if (fd >= 0 && ::close(fd) != 0)
    std::fprintf(stderr, "closing file descriptor %d: %s\n", fd, std::strerror(errno));
}

}  // namespace bpfrig::common
