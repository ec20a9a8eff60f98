#include "daemon/kernel_bpf/libbpf/netns_cookie.h"

#include <bpf/bpf.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/instruction.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr int16_t kCookiePlace = -8;
constexpr int16_t kKeyPlace = -12;

// For each new socket of the cgroup: writes the cookie of its namespace into the map's first entry.
common::Fd LoadReporter(int map) {
  constexpr uint8_t kCall = BPF_JMP | BPF_CALL;
  constexpr uint8_t kSet = BPF_ALU64 | BPF_MOV | BPF_K;
  constexpr uint8_t kCopy = BPF_ALU64 | BPF_MOV | BPF_X;
  constexpr uint8_t kAdd = BPF_ALU64 | BPF_ADD | BPF_K;
  const std::array<struct bpf_insn, 13> code = {
      MakeInstruction(kCall, 0, 0, 0, BPF_FUNC_get_netns_cookie),
      MakeInstruction(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_0, kCookiePlace, 0),
      MakeInstruction(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, kKeyPlace, 0),
      MakeInstruction(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
      MakeInstruction(0),
      MakeInstruction(kCopy, BPF_REG_2, BPF_REG_10, 0, 0),
      MakeInstruction(kAdd, BPF_REG_2, 0, 0, kKeyPlace),
      MakeInstruction(kCopy, BPF_REG_3, BPF_REG_10, 0, 0),
      MakeInstruction(kAdd, BPF_REG_3, 0, 0, kCookiePlace),
      MakeInstruction(kSet, BPF_REG_4, 0, 0, BPF_ANY),
      MakeInstruction(kCall, 0, 0, 0, BPF_FUNC_map_update_elem),
      MakeInstruction(kSet, BPF_REG_0, 0, 0, 1),
      MakeInstruction(BPF_JMP | BPF_EXIT)};
  auto options = LibbpfOptions<bpf_prog_load_opts>();
  options.expected_attach_type = BPF_CGROUP_INET_SOCK_CREATE;
  return common::Fd(
      bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK, "bpfrig_cookie", "GPL", code.data(), code.size(), &options));
}

}  // namespace

absl::StatusOr<uint64_t> NetnsCookieByProgram(int cgroup) {
  LibbpfOutput output;
  const common::Fd map(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "bpfrig_cookie", sizeof(uint32_t), sizeof(uint64_t), 1, nullptr));
  if (!map.IsOpen()) return base::ErrnoError("making a map for the netns cookie");
  const common::Fd program = LoadReporter(map.Get());
  if (!program.IsOpen()) {
    return base::MakeError(base::Reason::kUnsupported,
                           "reading the netns cookie: neither SO_NETNS_COOKIE (Linux 5.14) nor "
                           "bpf_get_netns_cookie (Linux 5.7) is there");
  }
  const common::Fd link(bpf_link_create(program.Get(), cgroup, BPF_CGROUP_INET_SOCK_CREATE, nullptr));
  if (!link.IsOpen()) return base::ErrnoError("attaching the program that reads the netns cookie");
  const common::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.IsOpen()) return base::ErrnoError("making a socket");
  const uint32_t key = 0;
  uint64_t cookie = 0;
  if (bpf_map_lookup_elem(map.Get(), &key, &cookie) != 0 || cookie == 0) {
    return base::MakeError(base::Reason::kInternal, "the program that reads the netns cookie did not run");
  }
  return cookie;
}

}  // namespace bpfrig::kernel_bpf
