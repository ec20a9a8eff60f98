#include "daemon/kernel_os/proc_net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

// Columns of a line, of which the first is a number and a colon.
constexpr size_t kLocal = 1;
constexpr size_t kPeer = 2;
constexpr size_t kInode = 9;

// "0100007F:1F90": the address in words of four bytes, each as a number of this machine, and the port.
socklen_t ReadAddress(absl::string_view text, int family, sockaddr_storage& out) {
  const size_t words = family == AF_INET ? 1 : 4;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  std::array<uint32_t, 4> address{};
  uint32_t port = 0;
  if (parts.first.size() != words * 8 || !absl::SimpleHexAtoi(parts.second, &port) || port == 0) return 0;
  for (size_t i = 0; i < words; ++i) {
    if (!absl::SimpleHexAtoi(parts.first.substr(i * 8, 8), &address[i])) return 0;
  }
  return PutInternet(family, address.data(), htons(static_cast<uint16_t>(port)), out);
}

}  // namespace

std::optional<ListedSocket> ReadProcNet(absl::string_view text, ino_t inode, int family) {
  const std::string wanted = absl::StrCat(inode);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> columns = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (columns.size() <= kInode || columns[kInode] != wanted) continue;
    ListedSocket socket;
    socket.local_size = ReadAddress(columns[kLocal], family, socket.local);
    socket.peer_size = ReadAddress(columns[kPeer], family, socket.peer);
    return socket;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<ListedSocket>> FindInProcNet(ino_t inode, int family, int type) {
  const std::string path = absl::StrCat("/proc/thread-self/net/", type == SOCK_DGRAM ? "udp" : "tcp",
                                        family == AF_INET6 ? "6" : "");
  std::ifstream file(path);
  if (!file) return base::ErrnoError(absl::StrCat("opening ", path));
  return ReadProcNet(std::string(std::istreambuf_iterator<char>(file), {}), inode, family);
}

}  // namespace bpfrig::kernel_os
