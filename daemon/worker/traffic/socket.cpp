#include "daemon/worker/traffic/socket.h"

#include <sys/socket.h>

namespace bpfrig::worker {
namespace {

uint64_t CookieOf(int descriptor) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0) return 0;
  return cookie;
}

}  // namespace

Socket::Socket(int descriptor, const Endpoint& local, const Endpoint& peer)
    : descriptor_(descriptor), local_(local), peer_(peer), cookie_(CookieOf(descriptor)) {}

}  // namespace bpfrig::worker
