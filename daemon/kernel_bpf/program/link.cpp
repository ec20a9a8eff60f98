#include "daemon/kernel_bpf/program/link.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/newer_attach_types.h"

namespace bpfrig::kernel_bpf {
namespace {

absl::Status Missing(const Program& program, absl::string_view what) {
  return base::WithObject(base::MakeError(base::Reason::kInvalidField,
                                          absl::StrCat("program \"", program.name(), "\" of type ",
                                                       program.type_name(), " is attached to ", what)),
                          program.name());
}

// Which hook of its place a program goes to.
uint32_t AttachTypeOf(const Program& program, AttachPlace place, bool egress) {
  if (program.type() == BPF_PROG_TYPE_SCHED_CLS) {
    return egress || program.attach_type() == kTcxEgress ? kTcxEgress : kTcxIngress;
  }
  if (program.type() == BPF_PROG_TYPE_XDP) return BPF_XDP;
  if (program.type() == BPF_PROG_TYPE_SK_MSG) return BPF_SK_MSG_VERDICT;
  if (program.type() == BPF_PROG_TYPE_SOCK_OPS) return BPF_CGROUP_SOCK_OPS;
  if (program.type() == BPF_PROG_TYPE_FLOW_DISSECTOR) return BPF_FLOW_DISSECTOR;
  if (program.type() == BPF_PROG_TYPE_CGROUP_DEVICE) return BPF_CGROUP_DEVICE;
  if (program.type() == BPF_PROG_TYPE_CGROUP_SYSCTL) return BPF_CGROUP_SYSCTL;
  // A plain "sk_skb" section says nothing more, and 0 is a cgroup's hook.
  if (place == AttachPlace::kSocketMap && program.attach_type() == 0) return BPF_SK_SKB_STREAM_VERDICT;
  return program.attach_type();
}

absl::Status Refused(const Program& program, absl::string_view where, int error) {
  absl::Status status = base::KernelError(
      error, absl::StrCat("attaching ", program.type_name(), " program ", program.name(), " to ", where));
  if (error == -EPERM)
    status = base::WithHint(status, "CAP_NET_ADMIN and CAP_BPF are needed, or an LSM refuses it");
  return base::WithObject(status, program.name());
}

absl::StatusOr<common::Fd> Duplicate(int fd) {
  common::Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.IsOpen()) return base::ErrnoError("duplicating a descriptor for a legacy attachment");
  return copy;
}

absl::StatusOr<common::Fd> CreateLink(const Program& program, int target, uint32_t attach_type,
                                      absl::string_view where) {
  int fd = bpf_link_create(program.fd(), target, static_cast<enum bpf_attach_type>(attach_type), nullptr);
  if (fd < 0) return Refused(program, where, fd);
  return common::Fd(fd);
}

}  // namespace

absl::StatusOr<AttachPlace> PlaceOf(const Program& program) {
  switch (program.type()) {
    case BPF_PROG_TYPE_CGROUP_SKB:
    case BPF_PROG_TYPE_CGROUP_SOCK:
    case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
    case BPF_PROG_TYPE_CGROUP_SOCKOPT:
    case BPF_PROG_TYPE_CGROUP_SYSCTL:
    case BPF_PROG_TYPE_CGROUP_DEVICE:
    case BPF_PROG_TYPE_SOCK_OPS:
      return AttachPlace::kCgroup;
    case BPF_PROG_TYPE_SK_LOOKUP:
    case BPF_PROG_TYPE_FLOW_DISSECTOR:
      return AttachPlace::kNetns;
    case BPF_PROG_TYPE_SK_MSG:
    case BPF_PROG_TYPE_SK_SKB:
      return AttachPlace::kSocketMap;
    case BPF_PROG_TYPE_XDP:
    case BPF_PROG_TYPE_SCHED_CLS:
      return AttachPlace::kInterface;
    case BPF_PROG_TYPE_SOCKET_FILTER:
    case BPF_PROG_TYPE_SK_REUSEPORT:
      return AttachPlace::kSocket;
    default:
      return base::WithObject(
          base::MakeError(base::Reason::kUnsupported,
                          absl::StrCat("a sandbox has no place to attach program \"", program.name(),
                                       "\" of type ", program.type_name(),
                                       " to; it has a cgroup, a network namespace, lo, sockets, and maps of "
                                       "sockets")),
          program.name());
  }
}

absl::StatusOr<Link> Link::Attach(const Program& program, const AttachPoints& points) {
  BPFRIG_ASSIGN_OR_RETURN(AttachPlace place, PlaceOf(program));
  Link link;
  link.attach_type_ = AttachTypeOf(program, place, points.egress);
  switch (place) {
    case AttachPlace::kSocketMap:
      return AttachToMap(program, points.socket_map);
    case AttachPlace::kCgroup: {
      if (points.cgroup_fd < 0) return Missing(program, "a cgroup");
      BPFRIG_ASSIGN_OR_RETURN(link.link_,
                              CreateLink(program, points.cgroup_fd, link.attach_type_, "the cgroup"));
      return link;
    }
    case AttachPlace::kNetns: {
      if (points.netns_fd < 0) return Missing(program, "a network namespace");
      BPFRIG_ASSIGN_OR_RETURN(
          link.link_, CreateLink(program, points.netns_fd, link.attach_type_, "the network namespace"));
      return link;
    }
    case AttachPlace::kSocket:
      return AttachToSocket(program, points.socket_fd);
    case AttachPlace::kInterface:
      break;
  }
  if (points.interface_index == 0) return Missing(program, "an interface");
  absl::StatusOr<common::Fd> created =
      CreateLink(program, static_cast<int>(points.interface_index), link.attach_type_, "the interface");
  // Before 6.6 the kernel does not know tcx's attach types.
  if (!created.ok() && program.type() == BPF_PROG_TYPE_SCHED_CLS &&
      base::DetailOf(created.status()).errno_name == "EINVAL") {
    return base::WithObject(
        base::MakeError(base::Reason::kUnsupported, "this kernel has no tcx links (6.6 and later have them)"),
        program.name());
  }
  BPFRIG_ASSIGN_OR_RETURN(link.link_, std::move(created));
  return link;
}

bool WatchesSocketCalls(const Program& program) {
  if (program.type() == BPF_PROG_TYPE_CGROUP_SOCKOPT) return true;
  if (program.type() != BPF_PROG_TYPE_CGROUP_SOCK_ADDR) return false;
  switch (program.attach_type()) {
    case BPF_CGROUP_INET4_GETPEERNAME:
    case BPF_CGROUP_INET6_GETPEERNAME:
    case BPF_CGROUP_INET4_GETSOCKNAME:
    case BPF_CGROUP_INET6_GETSOCKNAME:
    case kUnixGetpeername:
    case kUnixGetsockname:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<Link> Link::AttachToSocket(const Program& program, int socket_fd) {
  if (socket_fd < 0) return base::WithField(Missing(program, "a socket: name it"), "socket");
  const bool is_filter = program.type() == BPF_PROG_TYPE_SOCKET_FILTER;
  const int fd = program.fd();
  if (::setsockopt(socket_fd, SOL_SOCKET, is_filter ? SO_ATTACH_BPF : SO_ATTACH_REUSEPORT_EBPF, &fd,
                   sizeof(fd)) != 0) {
    return Refused(program, "the socket", -errno);
  }
  Link link;
  link.is_bpf_link_ = false;
  return link;
}

absl::Status DetachFromSocket(const Program& program, int socket_fd) {
  const bool is_filter = program.type() == BPF_PROG_TYPE_SOCKET_FILTER;
  const int nothing = 0;
  if (::setsockopt(socket_fd, SOL_SOCKET, is_filter ? SO_DETACH_FILTER : SO_DETACH_REUSEPORT_BPF, &nothing,
                   sizeof(nothing)) == 0) {
    return absl::OkStatus();
  }
  // Another socket of the group had it taken off already.
  if (errno == ENOENT) return absl::OkStatus();
  return base::ErrnoError(absl::StrCat("detaching program ", program.name(), " from the socket"));
}

absl::StatusOr<Link> Link::AttachToMap(const Program& program, const Map* map) {
  if (map == nullptr) return base::WithField(Missing(program, "a sockmap or sockhash: name it"), "map");
  if (!map->HoldsSockets()) {
    absl::Status status =
        base::MakeError(base::Reason::kTypeMismatch,
                        absl::StrCat("program \"", program.name(), "\" goes to a sockmap or sockhash; \"",
                                     map->name(), "\" is of type ", map->type_name()));
    return base::WithField(base::WithObject(status, map->name()), "map");
  }
  Link link;
  link.attach_type_ = AttachTypeOf(program, AttachPlace::kSocketMap, false);
  std::string where = absl::StrCat("map ", map->name());
  absl::StatusOr<common::Fd> created = CreateLink(program, map->fd(), link.attach_type_, where);
  if (created.ok()) {
    link.link_ = *std::move(created);
    return link;
  }
  // Before 6.12 there are no links to sockmaps (EINVAL, as seen on 6.1).
  if (base::DetailOf(created.status()).errno_name != "EINVAL") return created.status();
  BPFRIG_ASSIGN_OR_RETURN(common::Fd map_copy, Duplicate(map->fd()));
  BPFRIG_ASSIGN_OR_RETURN(common::Fd program_copy, Duplicate(program.fd()));
  int error =
      bpf_prog_attach(program.fd(), map->fd(), static_cast<enum bpf_attach_type>(link.attach_type_), 0);
  if (error != 0) return Refused(program, where, error);
  link.legacy_map_ = std::move(map_copy);
  link.legacy_program_ = std::move(program_copy);
  link.is_bpf_link_ = false;
  return link;
}

Link::~Link() {
  absl::Status status = Detach();
  if (!status.ok()) base::LogWarning(status.message());
}

Link& Link::operator=(Link&& other) noexcept {
  std::swap(link_, other.link_);
  std::swap(legacy_map_, other.legacy_map_);
  std::swap(legacy_program_, other.legacy_program_);
  std::swap(attach_type_, other.attach_type_);
  std::swap(is_bpf_link_, other.is_bpf_link_);
  return *this;
}

absl::Status Link::Detach() {
  link_.Close();
  if (!legacy_map_.IsOpen()) return absl::OkStatus();
  int error = bpf_prog_detach2(legacy_program_.Get(), legacy_map_.Get(),
                               static_cast<enum bpf_attach_type>(attach_type_));
  legacy_map_.Close();
  legacy_program_.Close();
  return error == 0 ? absl::OkStatus() : base::KernelError(error, "detaching a program from a sockmap");
}

}  // namespace bpfrig::kernel_bpf
