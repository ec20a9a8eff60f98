#include "daemon/kernel_bpf/program/verifier_hint.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

// Older kernel headers lack the newer capabilities' names.
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

namespace bpfrig::kernel_bpf {
namespace {

struct Phrase {
  // In the verifier's log or libbpf's output.
  absl::string_view text;
  absl::string_view hint;
};

constexpr absl::string_view kNeedsPerfmon =
    "this is refused without CAP_PERFMON, which this daemon does not have: let it keep that capability "
    "(cap_add: PERFMON)";

// The first that is found wins, so the more specific ones stand first.
constexpr Phrase kPhrases[] = {
    {"invalid mem access 'map_value_or_null'",
     "compare what bpf_map_lookup_elem returned with NULL before using it"},
    {"invalid mem access 'sock_or_null'", "compare the socket with NULL before using it"},
    {"invalid mem access 'mem_or_null'",
     "compare what bpf_ringbuf_reserve returned with NULL before using it"},
    {"_or_null'", "compare the pointer with NULL before using it"},
    {"invalid mem access",
     "the verifier does not know this number as a pointer: read through it with "
     "bpf_probe_read_kernel or BPF_CORE_READ, or keep the pointer in a register it can follow"},
    {"invalid bpf_context access",
     "programs of this type may not read or write that context field, or not in that width"},
    {"invalid access to packet", "compare the end of what is read with data_end first"},
    {"invalid access to map value", "bound the offset so that it stays inside the map's value"},
    {"unreachable insn",
     "a part of the program can never run, mostly after an endless loop or a constant condition: "
     "remove it, or let the compiler (-O2) do so"},
    {"back-edge",
     "loops need a bound that the verifier can see, and kernel 5.3: count with a constant limit, "
     "unroll it, or use bpf_loop"},
    {"infinite loop detected", "give the loop a bound that the verifier can see"},
    {"too many instructions",
     "the verifier walked a million instructions: shorten or bound loops, "
     "or split the program with tail calls"},
    {"program is too large",
     "the verifier walked a million instructions: shorten or bound loops, "
     "or split the program with tail calls"},
    {"jumps is too complex",
     "too many branches at once: simplify conditions, or split the program with tail calls"},
    {"Unreleased reference",
     "release it on every path: bpf_sk_release, bpf_ringbuf_submit or bpf_ringbuf_discard"},
    {"At program exit the register R0",
     "the return value is out of range for this type of program; the kernel's line has the range"},
    {"R0 !read_ok", "return a value on every path"},
    {"!read_ok", "a variable is read before it was written"},
    {"invalid indirect read from stack", "zero the whole struct first, padding too: memset, or = {}"},
    {"invalid read from stack", "zero the whole struct first, padding too: memset, or = {}"},
    {"combined stack size", "more than 512 bytes of stack: move data into a per-CPU array"},
    {"invalid stack", "an offset on the stack is out of bounds; a program has 512 bytes of it"},
    {"unbounded min value",
     "bound the number before adding it to a pointer: mask it or compare it, also from below"},
    {"unbounded memory access", "bound the size before using it: mask it or compare it"},
    {"GPL-restricted",
     "this helper needs a GPL-compatible licence: char LICENSE[] SEC(\"license\") = \"GPL\""},
    {"unknown opcode", "this kernel does not know the instruction: compile with an older -mcpu (v2)"},
    {"BTF is required", "compile the object with -g"},
    {"not found in kernel or module BTFs", "this kernel does not have that kernel function or variable"},
    {"failed to find valid kernel BTF", "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), which CO-RE needs"},
    {"invalid CO-RE relocation",
     "the program reads a kernel field that this kernel does not have: "
     "guard it with bpf_core_field_exists"},
};

// Helpers that a program of a networking type gets with CAP_PERFMON only.
constexpr absl::string_view kPerfmonHelpers[] = {
    "bpf_snprintf",         "bpf_trace_printk", "bpf_trace_vprintk", "bpf_probe_read",
    "bpf_get_current_task", "bpf_snprintf_btf", "bpf_task_pt_regs",  "bpf_seq_printf"};
constexpr absl::string_view kPerfmonPhrases[] = {"leaks addr", "pointer comparison prohibited",
                                                 "pointer arithmetic prohibited"};

bool Says(const Refusal& refusal, absl::string_view phrase) {
  return absl::StrContains(refusal.verifier_log, phrase) || absl::StrContains(refusal.libbpf_output, phrase);
}

bool IsHelperRefused(const Refusal& refusal) {
  // "unknown func" until 6.11 or so, "program of this type cannot use helper" after.
  return Says(refusal, "unknown func") || Says(refusal, "cannot use helper") || Says(refusal, "invalid func");
}

std::string HelperHint(const Refusal& refusal, const LoadSituation& situation) {
  for (absl::string_view helper : kPerfmonHelpers) {
    if (Says(refusal, helper) && !situation.has_cap_perfmon) return absl::StrCat(helper, ": ", kNeedsPerfmon);
  }
  return "this kernel does not have that helper, or not for programs of this type";
}

std::string PermissionHint(const LoadSituation& situation) {
  if (!situation.has_cap_bpf) return "CAP_BPF is missing: give it to the daemon (cap_add: BPF)";
  if (!situation.has_cap_net_admin)
    return "CAP_NET_ADMIN is missing: give it to the daemon (cap_add: NET_ADMIN)";
  if (situation.memlock_counts) {
    return "this kernel counts BPF memory against RLIMIT_MEMLOCK: raise it for the daemon (ulimits: memlock: "
           "-1)";
  }
  if (!situation.has_cap_perfmon) return std::string(kNeedsPerfmon);
  return "all capabilities are there: a seccomp profile, an LSM or the kernel's lockdown refuses bpf()";
}

std::string MapHint(const Refusal& refusal) {
  if (refusal.lacks_map_type) {
    return absl::StrCat("this kernel has no maps of type ", refusal.map_type,
                        ": leave it out there, or run the test on a later kernel");
  }
  if (refusal.error_number == ENOMEM)
    return "not enough memory for a map of that size: lower its max_entries";
  if (refusal.error_number == E2BIG)
    return "the map's max_entries or value size is more than the kernel takes";
  if (refusal.error_number != EINVAL) return "";
  if (absl::EndsWith(refusal.map_type, "_storage")) {
    return "storage maps need BTF types, BPF_F_NO_PREALLOC and no max_entries: __type(key, int), "
           "__type(value, T)";
  }
  if (absl::EndsWith(refusal.map_type, "ringbuf")) {
    return "a ring buffer's max_entries is its size in bytes, a power of two times the page size: declare "
           "it, or "
           "say it in maps: [{map, max_entries: 4096}]";
  }
  if (absl::EndsWith(refusal.map_type, "_of_maps")) {
    return "a map of maps needs an inner map: declare it with __array(values, ...), or name it with "
           "inner_map";
  }
  if (!refusal.map_unset.empty()) {
    return absl::StrCat("the object leaves to its loader: ", refusal.map_unset,
                        "; say it in maps: [{map, key_size, value_size, max_entries}]");
  }
  return "check the map's type, key and value sizes, max_entries and flags";
}

// Before 5.11, when maps and programs were not yet accounted to the memory cgroup.
bool MemlockCounts() {
  struct utsname names {};
  int major = 0;
  int minor = 0;
  if (::uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &major, &minor) != 2) return false;
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return major < 5 || (major == 5 && minor < 11);
}

}  // namespace

LoadSituation CurrentSituation() {
  struct __user_cap_header_struct header {};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<struct __user_cap_data_struct, 2> data{};
  LoadSituation situation;
  situation.memlock_counts = MemlockCounts();
  if (::syscall(SYS_capget, &header, data.data()) != 0) return situation;
  auto has = [&](unsigned capability) {
    return (data[capability / 32].effective & (1U << (capability % 32))) != 0;
  };
  // CAP_SYS_ADMIN stands for the two newer ones.
  situation.has_cap_bpf = has(CAP_BPF) || has(CAP_SYS_ADMIN);
  situation.has_cap_perfmon = has(CAP_PERFMON) || has(CAP_SYS_ADMIN);
  situation.has_cap_net_admin = has(CAP_NET_ADMIN);
  return situation;
}

std::string HintFor(const Refusal& refusal, const LoadSituation& situation) {
  if (refusal.error_number == EPERM && refusal.verifier_log.empty()) return PermissionHint(situation);
  if (refusal.is_map) return MapHint(refusal);
  if (IsHelperRefused(refusal)) return HelperHint(refusal, situation);
  for (absl::string_view phrase : kPerfmonPhrases) {
    if (Says(refusal, phrase) && !situation.has_cap_perfmon) return std::string(kNeedsPerfmon);
  }
  for (const Phrase& phrase : kPhrases) {
    if (Says(refusal, phrase.text)) return std::string(phrase.hint);
  }
  if (refusal.error_number == EPERM) return PermissionHint(situation);
  return "";
}

}  // namespace bpfrig::kernel_bpf
