#include "daemon/kernel_bpf/libbpf/features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/errno_name.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/instruction.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/libbpf/newer_attach_types.h"

namespace bpfrig::kernel_bpf {
namespace {

// BPF_MAP_TYPE_CGRP_STORAGE, newer than the kernel headers of Debian 12.
constexpr int kCgrpStorage = 32;

constexpr struct bpf_insn Return(int32_t value) {
  return MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value);
}
constexpr struct bpf_insn Call(int32_t helper) {
  return MakeInstruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}
constexpr struct bpf_insn kExit = MakeInstruction(BPF_JMP | BPF_EXIT);

// 0 if it works, otherwise the negative errno.
using Probe = int;

common::Fd LoadProgram(enum bpf_prog_type type, enum bpf_attach_type attach_type,
                       absl::Span<const bpf_insn> code) {
  auto options = LibbpfOptions<bpf_prog_load_opts>();
  options.expected_attach_type = attach_type;
  return common::Fd(bpf_prog_load(type, "bpfrig_probe", "GPL", code.data(), code.size(), &options));
}

Probe TryProgram(enum bpf_prog_type type, enum bpf_attach_type attach_type, absl::Span<const bpf_insn> code) {
  common::Fd program = LoadProgram(type, attach_type, code);
  return program.IsOpen() ? 0 : -errno;
}

Probe TryProgram(enum bpf_prog_type type, enum bpf_attach_type attach_type) {
  const std::array<struct bpf_insn, 2> code = {Return(1), kExit};
  return TryProgram(type, attach_type, code);
}

common::Fd CreateMap(enum bpf_map_type type, uint32_t key_size, uint32_t value_size, uint32_t max_entries) {
  return common::Fd(bpf_map_create(type, "bpfrig_probe", key_size, value_size, max_entries, nullptr));
}

Probe TryLink(enum bpf_prog_type type, enum bpf_attach_type load_type, int target, int attach_type) {
  const std::array<struct bpf_insn, 2> code = {Return(1), kExit};
  common::Fd program = LoadProgram(type, load_type, code);
  if (!program.IsOpen()) return -errno;
  int link = bpf_link_create(program.Get(), target, static_cast<enum bpf_attach_type>(attach_type), nullptr);
  if (link < 0) return link;
  common::Fd(link).Close();
  return 0;
}

// Asking what is attached there tells a kernel that knows tcx from one that does not (EINVAL). Attaching
// would tell no more, and takes 30 ms for the grace periods of attaching and detaching (6.18).
Probe TryTcx(unsigned interface_index) {
  uint32_t attach_flags = 0;
  uint32_t count = 0;
  return bpf_prog_query(static_cast<int>(interface_index), kTcxIngress, 0, &attach_flags, nullptr, &count);
}

Probe TryKernelBtf() {
  common::Fd file(::open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC));
  return file.IsOpen() ? 0 : -errno;
}

Probe TrySockmapLink() {
  common::Fd map = CreateMap(BPF_MAP_TYPE_SOCKHASH, 4, 8, 1);
  if (!map.IsOpen()) return -errno;
  return TryLink(BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT, map.Get(), BPF_SK_MSG_VERDICT);
}

Probe TryBatch() {
  common::Fd map = CreateMap(BPF_MAP_TYPE_HASH, 4, 4, 1);
  if (!map.IsOpen()) return -errno;
  uint32_t key = 1;
  uint32_t value = 1;
  uint32_t count = 1;
  return bpf_map_update_batch(map.Get(), &key, &value, &count, nullptr);
}

// The smallest, so that a low RLIMIT_MEMLOCK is not taken for a kernel without ring buffers.
Probe TryRingBuffer(enum bpf_map_type type) {
  common::Fd map = CreateMap(type, 0, 0, static_cast<uint32_t>(::getpagesize()));
  return map.IsOpen() ? 0 : -errno;
}

// For types that libbpf has to make something beside: storage needs BTF.
Probe TryMapType(int type) {
  LibbpfOutput output;
  int result = libbpf_probe_bpf_map_type(static_cast<enum bpf_map_type>(type), nullptr);
  return result > 0 ? 0 : result < 0 ? result : -EINVAL;
}

// An event as a perf event array is read through.
Probe TryPerfEvent() {
  struct perf_event_attr attributes {};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_BPF_OUTPUT;
  attributes.sample_type = PERF_SAMPLE_RAW;
  constexpr int kAllProcesses = -1;
  constexpr int kNoGroup = -1;
  const long event =
      ::syscall(SYS_perf_event_open, &attributes, kAllProcesses, 0, kNoGroup, PERF_FLAG_FD_CLOEXEC);
  if (event < 0) return -errno;
  common::Fd(static_cast<int>(event)).Close();
  return 0;
}

// A helper that a program gets only with CAP_PERFMON, and that has no side effect.
Probe TryPerfmon() {
  const std::array<struct bpf_insn, 3> code = {Call(BPF_FUNC_get_current_task), Return(1), kExit};
  return TryProgram(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, code);
}

// Eight bytes of address 0 to the stack: the question is whether the verifier allows the call.
Probe TryProbeReadKernel() {
  const std::array<struct bpf_insn, 7> code = {
      MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10),
      MakeInstruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -8),
      MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 8),
      MakeInstruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3),
      Call(BPF_FUNC_probe_read_kernel),
      Return(1),
      kExit};
  return TryProgram(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, code);
}

Probe TryMap() {
  common::Fd map = CreateMap(BPF_MAP_TYPE_HASH, 4, 4, 1);
  return map.IsOpen() ? 0 : -errno;
}

// What maps of a test may well take together: with so much, RLIMIT_MEMLOCK is no obstacle.
constexpr rlim_t kEnoughLocked = rlim_t{64} << 20;

Probe TryLargeMap() {
  rlimit locked{};
  if (::getrlimit(RLIMIT_MEMLOCK, &locked) != 0 || locked.rlim_cur >= kEnoughLocked) return 0;
  constexpr uint32_t kPage = 4096;
  common::Fd map =
      CreateMap(BPF_MAP_TYPE_ARRAY, 4, kPage, static_cast<uint32_t>(locked.rlim_cur / kPage) + 1);
  return map.IsOpen() ? 0 : -errno;
}

absl::Status ToStatus(Probe result, absl::string_view action) {
  return result == 0 ? absl::OkStatus() : base::KernelError(result, action);
}

Feature Report(absl::string_view name, Probe result, absl::string_view description) {
  Feature feature;
  feature.name = std::string(name);
  feature.supported = result == 0;
  if (result != 0) feature.detail = common::ErrnoName(-result);
  feature.description = std::string(description);
  return feature;
}

}  // namespace

std::vector<Feature> ProbeFeatures(unsigned interface_index) {
  LibbpfOutput output;
  return {
      Report("btf", TryKernelBtf(),
             "The kernel describes its own types: CO-RE and kernel types by name work."),
      Report("sockmap_link", TrySockmapLink(), "sk_msg programs attach to a sockmap by a link."),
      Report("map_batch", TryBatch(), "Maps are written and read in batches."),
      Report("ringbuf", TryRingBuffer(BPF_MAP_TYPE_RINGBUF),
             "Programs can report events through a ring buffer."),
      Report("user_ringbuf", TryRingBuffer(BPF_MAP_TYPE_USER_RINGBUF),
             "Programs can take records out of a user ring buffer."),
      Report("perf_events", TryPerfEvent(), "Perf event arrays can be read."),
      Report("bloom_filter", TryMapType(BPF_MAP_TYPE_BLOOM_FILTER), "There are bloom filters."),
      Report("sk_storage", TryMapType(BPF_MAP_TYPE_SK_STORAGE), "Programs can keep data with each socket."),
      Report("cgrp_storage", TryMapType(kCgrpStorage), "Programs can keep data with each cgroup."),
      Report("perfmon", TryPerfmon(),
             "The daemon has CAP_PERFMON: helpers such as bpf_snprintf and bpf_trace_printk are allowed."),
      Report("tcx", TryTcx(interface_index), "tc programs attach to an interface by a link."),
      Report("cgroup_sock_addr", TryProgram(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT),
             "Programs can see and change the addresses of connect, bind and sendmsg."),
      Report("cgroup_unix", TryProgram(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, kUnixConnect),
             "Programs can see and change the names of unix sockets in connect, sendmsg and the like."),
      Report("sock_ops", TryProgram(BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS),
             "Programs can follow what becomes of TCP connections."),
      Report("sk_msg", TryProgram(BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT),
             "Programs can see, change and redirect what sockets of a sockmap send."),
      Report("cgroup_skb", TryProgram(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS),
             "Programs can see and drop a cgroup's packets."),
      Report("sk_lookup", TryProgram(BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP),
             "Programs can choose the socket that a connection is for."),
  };
}

Essentials TryEssentials(int cgroup) {
  LibbpfOutput output;
  Essentials essentials;
  essentials.map = ToStatus(TryMap(), "making a BPF map");
  essentials.large_map = ToStatus(TryLargeMap(), "making a BPF map of more than RLIMIT_MEMLOCK");
  essentials.program =
      ToStatus(TryProgram(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS), "loading a BPF program");
  essentials.link =
      ToStatus(TryLink(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, cgroup, BPF_CGROUP_INET_EGRESS),
               "attaching a BPF program to a cgroup");
  return essentials;
}

absl::Status TryKernelRead() {
  LibbpfOutput output;
  return ToStatus(TryProbeReadKernel(), "loading a program that reads kernel memory");
}

std::string LibbpfVersion() { return absl::StrCat(libbpf_major_version(), ".", libbpf_minor_version()); }

}  // namespace bpfrig::kernel_bpf
