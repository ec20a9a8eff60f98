#include "daemon/kernel_bpf/map/map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"

namespace bpfrig::kernel_bpf {

std::string MapTypeName(uint32_t type) {
  const char* name = libbpf_bpf_map_type_str(static_cast<enum bpf_map_type>(type));
  return name != nullptr ? name : absl::StrCat("map type ", type);
}

bool HoldsEvents(uint32_t type) {
  return type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF ||
         type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

absl::StatusOr<MapInfo> QueryMap(int fd, absl::string_view name) {
  struct bpf_map_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t length = sizeof(info);
  int error = bpf_obj_get_info_by_fd(fd, &info, &length);
  if (error != 0) {
    return base::WithObject(
        base::KernelError(error, absl::StrCat("reading the kernel's information on map ", name)), name);
  }
  return MapInfo{info.id, info.type, info.key_size, info.value_size, info.max_entries, info.map_flags};
}

absl::StatusOr<uint32_t> PossibleCpus() {
  int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return base::KernelError(cpus, "counting the possible CPUs");
  return static_cast<uint32_t>(cpus);
}

Map::Map(std::string name, MapInfo info, int fd, common::Fd owned)
    : name_(std::move(name)), info_(info), owned_(std::move(owned)), fd_(fd), lookup_size_(info.value_size) {}

absl::StatusOr<Map> Map::Borrow(std::string name, int fd, std::optional<TypeRef> key_type,
                                std::optional<TypeRef> value_type) {
  BPFRIG_ASSIGN_OR_RETURN(MapInfo info, QueryMap(fd, name));
  Map map(std::move(name), info, fd, common::Fd());
  map.key_type_ = key_type;
  map.value_type_ = value_type;
  if (map.IsPerCpu()) {
    BPFRIG_ASSIGN_OR_RETURN(map.values_per_key_, PossibleCpus());
    map.lookup_size_ = map.values_per_key_ * ((size_t{info.value_size} + 7) & ~size_t{7});
  }
  return map;
}

absl::StatusOr<Map> Map::Create(std::string name, const MapInfo& info) {
  auto options = LibbpfOptions<bpf_map_create_opts>();
  options.map_flags = info.flags;
  int fd = bpf_map_create(static_cast<enum bpf_map_type>(info.type), name.c_str(), info.key_size,
                          info.value_size, info.max_entries, &options);
  if (fd < 0) {
    return base::WithObject(
        base::KernelError(fd, absl::StrCat("creating ", MapTypeName(info.type), " map ", name)), name);
  }
  common::Fd owned(fd);
  BPFRIG_ASSIGN_OR_RETURN(Map map, Borrow(std::move(name), fd, std::nullopt, std::nullopt));
  map.owned_ = std::move(owned);
  return map;
}

bool Map::IsPerCpu() const {
  return info_.type == BPF_MAP_TYPE_PERCPU_HASH || info_.type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         info_.type == BPF_MAP_TYPE_LRU_PERCPU_HASH || info_.type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

bool Map::IsKeyless() const {
  return info_.type == BPF_MAP_TYPE_QUEUE || info_.type == BPF_MAP_TYPE_STACK ||
         info_.type == BPF_MAP_TYPE_BLOOM_FILTER;
}

bool Map::IsIndexed() const {
  switch (info_.type) {
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_PROG_ARRAY:
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
    case BPF_MAP_TYPE_CGROUP_ARRAY:
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_CPUMAP:
    case BPF_MAP_TYPE_XSKMAP:
    case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
      return true;
    default:
      return false;
  }
}

bool Map::IsProgramArray() const { return info_.type == BPF_MAP_TYPE_PROG_ARRAY; }

bool Map::IsMapOfMaps() const {
  return info_.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || info_.type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

bool Map::HoldsSockets() const {
  return info_.type == BPF_MAP_TYPE_SOCKMAP || info_.type == BPF_MAP_TYPE_SOCKHASH ||
         info_.type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
}

bool Map::HoldsCgroups() const { return info_.type == BPF_MAP_TYPE_CGROUP_ARRAY; }

bool Map::IsSocketStorage() const { return info_.type == BPF_MAP_TYPE_SK_STORAGE; }

bool Map::IsCgroupStorage() const { return info_.type == kCgrpStorage; }

bool Map::IsBloomFilter() const { return info_.type == BPF_MAP_TYPE_BLOOM_FILTER; }

bool Map::IsRingBuffer() const { return info_.type == BPF_MAP_TYPE_RINGBUF; }

bool Map::IsDataSection() const {
  return absl::StartsWith(name_, ".data") || absl::StartsWith(name_, ".bss") ||
         absl::StartsWith(name_, ".rodata");
}

bool Map::IsUserRingBuffer() const { return info_.type == BPF_MAP_TYPE_USER_RINGBUF; }

bool Map::IsPerfEventArray() const { return info_.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY; }

}  // namespace bpfrig::kernel_bpf
