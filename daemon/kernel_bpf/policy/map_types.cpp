// Map types. Allowed is what holds values, programs, sockets or references of the sandbox, and is freed with
// it.
#include <bpf/libbpf.h>

#include "absl/strings/str_cat.h"
#include "daemon/kernel_bpf/policy/list.h"

namespace bpfrig::kernel_bpf {
namespace {

// Newer than the libbpf of Debian 12.
constexpr uint32_t kArena = 33;
constexpr uint32_t kInsnArray = 34;

LoadList ListMapTypes() {
  LoadList list{LoadKind::kMapType, "map-type", "map type", {}};
  list.groups = {
      {true,
       "it holds values, and is freed with the sandbox",
       {"hash", "array", "percpu_hash", "percpu_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "queue",
        "stack", "bloom_filter", "stack_trace"}},
      {true,
       "it holds programs, maps or cgroups that the sandbox has already",
       {"prog_array", "array_of_maps", "hash_of_maps", "cgroup_array"}},
      {true,
       "it carries records between programs and the worker",
       {"ringbuf", "user_ringbuf", "perf_event_array"}},
      {true,
       "it holds sockets of the sandbox, or values at them",
       {"sockmap", "sockhash", "reuseport_sockarray", "sk_storage", "xskmap"}},
      {true,
       "it holds values at cgroups, and is freed with the sandbox",
       {"cgroup_storage", "percpu_cgroup_storage", "cgrp_storage"}},
      {true, "it says where packets of the sandbox go", {"devmap", "devmap_hash", "cpumap"}},
      {false,
       "writing it makes its programs a part of the kernel for the whole machine, where they stay when the "
       "sandbox is gone",
       {"struct_ops"}},
      {false,
       "it keeps values at files and tasks of the whole machine, for program types that are not allowed",
       {"inode_storage", "task_storage"}},
      {false, "it needs functions that no list allows", {"arena", "insn_array"}},
  };
  return list;
}

}  // namespace

const LoadList& MapTypeList() {
  static const auto* list = new LoadList(ListMapTypes());
  return *list;
}

std::string MapTypeNameOf(uint32_t type) {
  const char* name = libbpf_bpf_map_type_str(static_cast<enum bpf_map_type>(type));
  if (name != nullptr) return name;
  if (type == kArena) return "arena";
  return type == kInsnArray ? "insn_array" : absl::StrCat(type);
}

}  // namespace bpfrig::kernel_bpf
