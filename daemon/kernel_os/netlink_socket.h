// NetlinkSocket: one request at a time to a part of the kernel that speaks netlink, answered before the call
// returns.
#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_os {

class NetlinkSocket {
 public:
  // Opens a socket to `bus` (NETLINK_ROUTE) in the network namespace that the process is in now.
  [[nodiscard]] static absl::StatusOr<NetlinkSocket> Open(int bus);

  // Sends a request, with NLM_F_DUMP or NLM_F_ACK, and hands every answer to `callback`, which may be null.
  // `action` begins the message of an error.
  [[nodiscard]] absl::Status Exchange(nlmsghdr* message, mnl_cb_t callback, void* data,
                                      absl::string_view action);

 private:
  struct Closer {
    void operator()(mnl_socket* socket) const;
  };
  explicit NetlinkSocket(mnl_socket* socket) : socket_(socket) {}

  std::unique_ptr<mnl_socket, Closer> socket_;
  uint32_t sequence_ = 0;
};

}  // namespace bpfrig::kernel_os
