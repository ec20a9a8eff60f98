#include "daemon/kernel_os/netlink.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;

// Room for one request of ours, aligned as netlink wants it.
struct alignas(NLMSG_ALIGNTO) Buffer {
  std::array<char, 512> bytes{};
};

absl::StatusOr<uint32_t> IndexOf(const std::string& interface) {
  const uint32_t index = ::if_nametoindex(interface.c_str());
  if (index == 0) return ErrnoError(absl::StrCat("finding interface ", interface));
  return index;
}

int CollectInterface(const nlmsghdr* message, void* data) {
  const auto* info = static_cast<const ifinfomsg*>(::mnl_nlmsg_get_payload(message));
  NetworkInterface interface {
    .index = info->ifi_index, .name = "", .is_up = (info->ifi_flags & IFF_UP) != 0
  };
  const auto find_name = [](const nlattr* attribute, void* name) {
    if (::mnl_attr_get_type(attribute) == IFLA_IFNAME) {
      *static_cast<std::string*>(name) = ::mnl_attr_get_str(attribute);
    }
    return MNL_CB_OK;
  };
  if (::mnl_attr_parse(message, sizeof(*info), find_name, &interface.name) < 0) return MNL_CB_ERROR;
  static_cast<std::vector<NetworkInterface>*>(data)->push_back(std::move(interface));
  return MNL_CB_OK;
}

// The prefix's address with the bits past its length cleared: the kernel refuses routes with such bits.
std::array<uint8_t, 16> Masked(const common::IpPrefix& prefix) {
  std::array<uint8_t, 16> bytes = prefix.bytes;
  for (size_t bit = prefix.length; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<Netlink> Netlink::Open() {
  BPFRIG_ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_ROUTE));
  return Netlink(std::move(socket));
}

absl::Status Netlink::Request(nlmsghdr* message, absl::string_view action) {
  message->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
  return socket_.Exchange(message, nullptr, nullptr, action);
}

absl::StatusOr<std::vector<NetworkInterface>> Netlink::ListInterfaces() {
  Buffer buffer;
  nlmsghdr* message = ::mnl_nlmsg_put_header(buffer.bytes.data());
  message->nlmsg_type = RTM_GETLINK;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  auto* info = static_cast<ifinfomsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_family = AF_UNSPEC;
  std::vector<NetworkInterface> interfaces;
  BPFRIG_RETURN_IF_ERROR(socket_.Exchange(message, CollectInterface, &interfaces, "listing interfaces"));
  return interfaces;
}

absl::Status Netlink::SetUp(const std::string& interface) {
  BPFRIG_ASSIGN_OR_RETURN(const uint32_t index, IndexOf(interface));
  Buffer buffer;
  nlmsghdr* message = ::mnl_nlmsg_put_header(buffer.bytes.data());
  message->nlmsg_type = RTM_NEWLINK;
  auto* info = static_cast<ifinfomsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_index = static_cast<int>(index);
  info->ifi_change = IFF_UP;
  info->ifi_flags = IFF_UP;
  return Request(message, absl::StrCat("bringing ", interface, " up"));
}

absl::Status Netlink::AddAddress(const std::string& interface, const common::IpPrefix& address) {
  BPFRIG_ASSIGN_OR_RETURN(const uint32_t index, IndexOf(interface));
  Buffer buffer;
  nlmsghdr* message = ::mnl_nlmsg_put_header(buffer.bytes.data());
  message->nlmsg_type = RTM_NEWADDR;
  message->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
  auto* info = static_cast<ifaddrmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
  info->ifa_family = static_cast<uint8_t>(address.family);
  info->ifa_prefixlen = address.length;
  info->ifa_flags = IFA_F_NODAD;
  info->ifa_scope = RT_SCOPE_UNIVERSE;
  info->ifa_index = index;
  const size_t size = common::AddressSize(address.family);
  // IPv4 wants the address as IFA_LOCAL; IPv6 takes the same attribute.
  ::mnl_attr_put(message, IFA_LOCAL, size, address.bytes.data());
  ::mnl_attr_put(message, IFA_ADDRESS, size, address.bytes.data());
  const std::string action =
      absl::StrCat("adding address ", common::FormatIpPrefix(address), " to ", interface);
  const absl::Status status = Request(message, action);
  if (base::DetailOf(status).errno_name == "EEXIST") {
    return MakeError(Reason::kDuplicateName, absl::StrCat(action, ": the interface has it already"));
  }
  if (address.family == AF_INET6 && base::DetailOf(status).errno_name == "EOPNOTSUPP") {
    return base::WithHint(status,
                          "this kernel has no IPv6, or has it switched off: give the sandbox IPv4 addresses "
                          "alone");
  }
  if (!status.ok() || address.family == AF_INET) return status;
  // The kernel adds an IPv6 address's local route from a work queue, even without duplicate address
  // detection: until then it can be bound, but a connect to it is ENETUNREACH (seen on 6.18). A route of our
  // own is there at once.
  common::IpPrefix host = address;
  host.length = 128;
  return AddLocalRoute(interface, host);
}

absl::Status Netlink::AddLocalRoute(const std::string& interface, const common::IpPrefix& prefix) {
  BPFRIG_ASSIGN_OR_RETURN(const uint32_t index, IndexOf(interface));
  Buffer buffer;
  nlmsghdr* message = ::mnl_nlmsg_put_header(buffer.bytes.data());
  message->nlmsg_type = RTM_NEWROUTE;
  message->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
  auto* route = static_cast<rtmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  route->rtm_family = static_cast<uint8_t>(prefix.family);
  route->rtm_dst_len = prefix.length;
  route->rtm_table = RT_TABLE_LOCAL;
  route->rtm_protocol = RTPROT_STATIC;
  route->rtm_scope = RT_SCOPE_HOST;
  route->rtm_type = RTN_LOCAL;
  ::mnl_attr_put(message, RTA_DST, common::AddressSize(prefix.family), Masked(prefix).data());
  ::mnl_attr_put_u32(message, RTA_OIF, index);
  return Request(message,
                 absl::StrCat("adding local route ", common::FormatIpPrefix(prefix), " on ", interface));
}

}  // namespace bpfrig::kernel_os
