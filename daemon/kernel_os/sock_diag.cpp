#include "daemon/kernel_os/sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>

#include "daemon/base/status.h"
#include "daemon/kernel_os/netlink_socket.h"
#include "daemon/kernel_os/proc_net.h"

namespace bpfrig::kernel_os {
namespace {

using OnMessage = std::function<void(const nlmsghdr&)>;

// TIME_WAIT and half-open connections, of which there may be thousands, are nobody's descriptors.
constexpr uint32_t kStatesOfDescriptors = ~((1U << 6) | (1U << 12));

int CallBack(const nlmsghdr* message, void* data) {
  (*static_cast<OnMessage*>(data))(*message);
  return MNL_CB_OK;
}

// Hands over each message of the answer. False if the kernel has nothing: no such socket, or, if all were
// asked for, no sock_diag for them.
absl::StatusOr<bool> Ask(nlmsghdr& request, OnMessage on_message) {
  BPFRIG_ASSIGN_OR_RETURN(NetlinkSocket socket, NetlinkSocket::Open(NETLINK_SOCK_DIAG));
  request.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  const absl::Status status = socket.Exchange(&request, CallBack, &on_message, "asking sock_diag");
  if (base::DetailOf(status).errno_name == "ENOENT") return false;
  if (!status.ok()) return status;
  return true;
}

template <typename Body>
struct DiagRequest {
  nlmsghdr header{};
  Body body{};
  explicit DiagRequest(uint16_t flags) {
    header.nlmsg_len = sizeof(*this);
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  }
};

absl::StatusOr<std::optional<ListedSocket>> FindInternet(ino_t inode, int family, int type) {
  DiagRequest<inet_diag_req_v2> request(NLM_F_DUMP);
  request.body.sdiag_family = static_cast<uint8_t>(family);
  request.body.sdiag_protocol = type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
  request.body.idiag_states = kStatesOfDescriptors;
  std::optional<ListedSocket> found;
  const auto take = [&](const nlmsghdr& message) {
    const auto& socket = *static_cast<const inet_diag_msg*>(::mnl_nlmsg_get_payload(&message));
    if (socket.idiag_inode != inode) return;
    ListedSocket& listed = found.emplace();
    listed.local_size = PutInternet(family, socket.id.idiag_src, socket.id.idiag_sport, listed.local);
    if (socket.id.idiag_dport != 0) {
      listed.peer_size = PutInternet(family, socket.id.idiag_dst, socket.id.idiag_dport, listed.peer);
    }
    listed.cookie = uint64_t{socket.id.idiag_cookie[1]} << 32 | socket.id.idiag_cookie[0];
  };
  BPFRIG_ASSIGN_OR_RETURN(const bool is_there, Ask(request.header, take));
  return is_there ? found : FindInProcNet(inode, family, type);
}

struct UnixAnswer {
  bool found = false;
  sockaddr_storage name{};
  socklen_t name_size = 0;
  uint32_t peer = 0;
  uint64_t cookie = 0;
};

int ReadUnixAttribute(const nlattr* attribute, void* data) {
  UnixAnswer& answer = *static_cast<UnixAnswer*>(data);
  if (::mnl_attr_get_type(attribute) == UNIX_DIAG_PEER) answer.peer = ::mnl_attr_get_u32(attribute);
  if (::mnl_attr_get_type(attribute) != UNIX_DIAG_NAME) return MNL_CB_OK;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const size_t size = std::min<size_t>(::mnl_attr_get_payload_len(attribute), sizeof(name.sun_path));
  std::memcpy(name.sun_path, ::mnl_attr_get_payload(attribute), size);
  std::memcpy(&answer.name, &name, sizeof(name));
  answer.name_size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  return MNL_CB_OK;
}

absl::StatusOr<UnixAnswer> AskUnix(uint32_t inode) {
  DiagRequest<unix_diag_req> request(NLM_F_ACK);
  request.body.sdiag_family = AF_UNIX;
  request.body.udiag_states = ~0U;
  request.body.udiag_ino = inode;
  request.body.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER;
  request.body.udiag_cookie[0] = static_cast<uint32_t>(INET_DIAG_NOCOOKIE);
  request.body.udiag_cookie[1] = static_cast<uint32_t>(INET_DIAG_NOCOOKIE);
  UnixAnswer answer;
  const auto take = [&](const nlmsghdr& message) {
    const auto& socket = *static_cast<const unix_diag_msg*>(::mnl_nlmsg_get_payload(&message));
    answer.found = true;
    answer.cookie = uint64_t{socket.udiag_cookie[1]} << 32 | socket.udiag_cookie[0];
    (void)::mnl_attr_parse(&message, sizeof(socket), ReadUnixAttribute, &answer);
  };
  BPFRIG_RETURN_IF_ERROR(Ask(request.header, take).status());
  return answer;
}

absl::StatusOr<std::optional<ListedSocket>> FindUnix(ino_t inode) {
  BPFRIG_ASSIGN_OR_RETURN(const UnixAnswer own, AskUnix(static_cast<uint32_t>(inode)));
  if (!own.found) return std::nullopt;
  ListedSocket listed;
  listed.local = own.name;
  listed.local_size = own.name_size;
  listed.cookie = own.cookie;
  if (own.peer == 0) return listed;
  BPFRIG_ASSIGN_OR_RETURN(const UnixAnswer peer, AskUnix(own.peer));
  listed.peer = peer.name;
  listed.peer_size = peer.name_size;
  return listed;
}

}  // namespace

socklen_t PutInternet(int family, const void* address, uint16_t port, sockaddr_storage& out) {
  if (family == AF_INET) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = port;
    std::memcpy(&four.sin_addr, address, sizeof(four.sin_addr));
    std::memcpy(&out, &four, sizeof(four));
    return sizeof(four);
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = port;
  std::memcpy(&six.sin6_addr, address, sizeof(six.sin6_addr));
  std::memcpy(&out, &six, sizeof(six));
  return sizeof(six);
}

absl::StatusOr<std::optional<ListedSocket>> FindListed(int descriptor, int family, int type) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return base::ErrnoError("looking at a socket");
  return family == AF_UNIX ? FindUnix(status.st_ino) : FindInternet(status.st_ino, family, type);
}

}  // namespace bpfrig::kernel_os
