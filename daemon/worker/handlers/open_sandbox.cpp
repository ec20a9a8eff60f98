// OpenSandbox: addresses, routes and limits for a network namespace that has only `lo`, which is down.
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/ip_prefix.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/netns_cookie.h"
#include "daemon/kernel_os/netlink.h"
#include "daemon/kernel_os/netns.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::OpenSandboxRequest;
using common::IpPrefix;

constexpr char kLoopback[] = "lo";

// 127.0.0.1 and ::1, which the kernel gives to `lo` itself.
bool IsThereAnyway(const IpPrefix& address) {
  const std::string text = common::FormatIpPrefix(address);
  return text == "127.0.0.1/32" || text == "::1/128";
}

// The front has refused what is not one.
absl::StatusOr<IpPrefix> ReadPrefix(const std::string& text) {
  const std::optional<IpPrefix> prefix = common::ParseIpPrefix(text);
  if (!prefix) return base::MakeError(base::Reason::kInvalidField, absl::StrCat("not an address: ", text));
  return *prefix;
}

// A kernel without IPv6 has no place for such an address, nor for a socket that could use it: a test that
// does not is not kept from its sandbox, and one that does can require the feature.
bool IsLeftOut(const IpPrefix& prefix) {
  if (prefix.family != AF_INET6) return false;
  // The same for all addresses.
  static const bool has_ipv6 = kernel_os::TryIpv6().ok();
  return !has_ipv6;
}

absl::Status AddAddress(kernel_os::Netlink& netlink, const std::string& text) {
  BPFRIG_ASSIGN_OR_RETURN(const IpPrefix address, ReadPrefix(text));
  if (IsThereAnyway(address) || IsLeftOut(address)) return absl::OkStatus();
  return netlink.AddAddress(kLoopback, address);
}

absl::Status AddLocalRoute(kernel_os::Netlink& netlink, const std::string& text) {
  BPFRIG_ASSIGN_OR_RETURN(const IpPrefix prefix, ReadPrefix(text));
  if (IsLeftOut(prefix)) return absl::OkStatus();
  return netlink.AddLocalRoute(kLoopback, prefix);
}

absl::Status SetUpNetwork(kernel_os::Netlink& netlink, const OpenSandboxRequest& request) {
  BPFRIG_RETURN_IF_ERROR(netlink.SetUp(kLoopback));
  for (int i = 0; i < request.addresses_size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(
        base::WithField(AddAddress(netlink, request.addresses(i)), absl::StrCat("addresses[", i, "]")));
  }
  for (int i = 0; i < request.local_routes_size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(base::WithField(AddLocalRoute(netlink, request.local_routes(i)),
                                           absl::StrCat("local_routes[", i, "]")));
  }
  return absl::OkStatus();
}

absl::Status ApplyLimits(const bpfrig::v1::SandboxLimits& limits, Traffic& traffic) {
  const size_t wanted = limits.receive_buffer_bytes();
  if (wanted > traffic.receive_limit()) {
    return base::WithField(MakeError(Reason::kLimitReached,
                                     absl::StrCat("setting a receive buffer of ", wanted, " bytes: at most ",
                                                  traffic.receive_limit(), " are allowed")),
                           "limits.receive_buffer_bytes");
  }
  if (wanted != 0) traffic.set_receive_limit(wanted);
  return absl::OkStatus();
}

// PROC_PID_INIT_INO: the machine's own process namespace.
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;

SandboxNumbers ReadNumbers(int cgroup) {
  SandboxNumbers numbers;
  const absl::StatusOr<uint64_t> cookie = NetnsCookieOf(cgroup);
  if (cookie.ok()) numbers.netns_cookie = *cookie;
  struct stat status {};
  // A cgroup's id is its directory's inode.
  if (::fstat(cgroup, &status) == 0) numbers.cgroup_id = status.st_ino;
  if (::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == kFirstPidNamespace) {
    numbers.pid = static_cast<uint32_t>(::getpid());
  }
  numbers.cgroup_fd = cgroup;
  numbers.uid = ::getuid();
  numbers.ifindex = ::if_nametoindex(kLoopback);
  return numbers;
}

}  // namespace

absl::StatusOr<uint64_t> NetnsCookieOf(int cgroup) {
  absl::StatusOr<uint64_t> cookie = kernel_os::NetnsCookie();
  if (!absl::IsUnimplemented(cookie.status())) return cookie;
  return kernel_bpf::NetnsCookieByProgram(cgroup);
}

absl::Status HandleOpenSandbox(Sandbox& sandbox, const OpenSandboxRequest& request,
                               bpfrig::v1::OpenSandboxResponse& response) {
  bpfrig::v1::SandboxOpened& opened = *response.mutable_opened();
  kernel_os::Netlink* const netlink = sandbox.netlink();
  if (netlink == nullptr)
    return MakeError(Reason::kInternal, "opening a sandbox: this worker has one already");
  BPFRIG_RETURN_IF_ERROR(ApplyLimits(request.limits(), sandbox.traffic()));
  BPFRIG_RETURN_IF_ERROR(SetUpNetwork(*netlink, request));
  const SandboxNumbers numbers = ReadNumbers(sandbox.links().cgroup());
  opened.set_netns_cookie(numbers.netns_cookie.value_or(0));
  sandbox.set_numbers(numbers);
  sandbox.set_open();
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
