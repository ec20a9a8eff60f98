#include "daemon/kernel_os/netlink_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

using base::ErrnoError;

void NetlinkSocket::Closer::operator()(mnl_socket* socket) const {
  if (::mnl_socket_close(socket) != 0) base::LogWarning(ErrnoError("closing a netlink socket").message());
}

absl::StatusOr<NetlinkSocket> NetlinkSocket::Open(int bus) {
  NetlinkSocket netlink(::mnl_socket_open2(bus, SOCK_CLOEXEC));
  if (netlink.socket_ == nullptr) return ErrnoError("opening a netlink socket");
  if (::mnl_socket_bind(netlink.socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return ErrnoError("binding a netlink socket");
  }
  return netlink;
}

absl::Status NetlinkSocket::Exchange(nlmsghdr* message, mnl_cb_t callback, void* data,
                                     absl::string_view action) {
  message->nlmsg_seq = ++sequence_;
  if (::mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0) return ErrnoError(action);
  const uint32_t port = ::mnl_socket_get_portid(socket_.get());
  alignas(NLMSG_ALIGNTO) std::array<char, 32 * 1024> answer;
  while (true) {
    const ssize_t count =
        TEMP_FAILURE_RETRY(::mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size()));
    if (count < 0) return ErrnoError(action);
    const int next = ::mnl_cb_run(answer.data(), static_cast<size_t>(count), sequence_, port, callback, data);
    if (next < 0) return ErrnoError(action);
    if (next == MNL_CB_STOP) return absl::OkStatus();
  }
}

}  // namespace bpfrig::kernel_os
