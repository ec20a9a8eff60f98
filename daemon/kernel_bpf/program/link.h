// Link: one attachment of a program, undone when it is destroyed. A bpf_link wherever the kernel has one; for
// sockmaps before 6.12 a legacy attachment, undone with bpf_prog_detach. Attach, Detach and the sandbox's end
// use it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/program/program.h"

namespace bpfrig::kernel_bpf {

// Where a program of some type goes.
enum class AttachPlace {
  kCgroup,
  // sk_lookup, flow dissector.
  kNetns,
  // sk_msg, sk_skb: a sockmap or sockhash.
  kSocketMap,
  // xdp, and tc through tcx.
  kInterface,
  // Socket filters, sk_reuseport.
  kSocket,
};

// By the program's type and expected attach type. UNSUPPORTED for types that a sandbox has no place for.
[[nodiscard]] absl::StatusOr<AttachPlace> PlaceOf(const Program& program);

// What a sandbox has for programs to attach to. All borrowed for the call.
struct AttachPoints {
  int cgroup_fd = -1;
  int netns_fd = -1;
  uint32_t interface_index = 0;
  // For kSocketMap only.
  const Map* socket_map = nullptr;
  // For tc programs.
  bool egress = false;
  // For kSocket only.
  int socket_fd = -1;
};

// Whether the program runs whenever somebody asks for the name or an option of a socket, or sets one.
[[nodiscard]] bool WatchesSocketCalls(const Program& program);
// Undoes an attachment of kSocket. The kernel has no link for those, and forgets which program it was.
[[nodiscard]] absl::Status DetachFromSocket(const Program& program, int socket_fd);

class Link {
 public:
  // INVALID_FIELD if the place that the program needs is not among the points; TYPE_MISMATCH if the map is
  // not a sockmap or sockhash; KERNEL_REFUSED.
  [[nodiscard]] static absl::StatusOr<Link> Attach(const Program& program, const AttachPoints& points);

  ~Link();
  Link(Link&& other) noexcept = default;
  Link& operator=(Link&& other) noexcept;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Undoes it now, and says what failed.
  [[nodiscard]] absl::Status Detach();
  [[nodiscard]] bool IsAttached() const { return link_.IsOpen() || legacy_map_.IsOpen(); }
  // False for a legacy attachment.
  [[nodiscard]] bool IsBpfLink() const { return is_bpf_link_; }

 private:
  Link() = default;
  [[nodiscard]] static absl::StatusOr<Link> AttachToMap(const Program& program, const Map* map);
  [[nodiscard]] static absl::StatusOr<Link> AttachToSocket(const Program& program, int socket_fd);

  common::Fd link_;
  // A legacy attachment's own descriptors of map and program, and its bpf_attach_type.
  common::Fd legacy_map_;
  common::Fd legacy_program_;
  uint32_t attach_type_ = 0;
  bool is_bpf_link_ = true;
};

}  // namespace bpfrig::kernel_bpf
