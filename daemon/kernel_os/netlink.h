// Netlink: a worker's hand on its own network namespace: brings `lo` up and gives it addresses and local
// routes. Needs CAP_NET_ADMIN there. One request at a time, answered before the call returns.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/ip_prefix.h"
#include "daemon/kernel_os/netlink_socket.h"

namespace bpfrig::kernel_os {

struct NetworkInterface {
  int index = 0;
  std::string name;
  bool is_up = false;
};

class Netlink {
 public:
  // Opens a socket in the network namespace that the process is in now.
  static absl::StatusOr<Netlink> Open();

  [[nodiscard]] absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces();
  // Brings the interface up.
  [[nodiscard]] absl::Status SetUp(const std::string& interface);
  // Gives the interface, which is up, an address that can be bound and reached at once. Without duplicate
  // address detection: an address that is still tentative refuses bind() with EADDRNOTAVAIL. ALREADY_EXISTS
  // if the interface has it.
  [[nodiscard]] absl::Status AddAddress(const std::string& interface, const common::IpPrefix& address);
  // Makes every address of the prefix the host's own, by a route of type local in the local table. Bits past
  // the prefix are ignored.
  [[nodiscard]] absl::Status AddLocalRoute(const std::string& interface, const common::IpPrefix& prefix);

 private:
  explicit Netlink(NetlinkSocket socket) : socket_(std::move(socket)) {}

  // Sends a request that is answered by an acknowledgement alone.
  [[nodiscard]] absl::Status Request(nlmsghdr* message, absl::string_view action);

  NetlinkSocket socket_;
};

}  // namespace bpfrig::kernel_os
