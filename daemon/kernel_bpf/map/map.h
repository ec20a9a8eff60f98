// Map: one map in the kernel, with the BTF types of its keys and values. A BpfObject owns those of its
// object; Map::Create makes one without an object. map_codec.h, map_write.h and map_dump.h work on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/kernel_bpf/btf/btf_types.h"

namespace bpfrig::kernel_bpf {

// BPF_MAP_TYPE_CGRP_STORAGE, newer than the kernel headers of Debian 12.
inline constexpr uint32_t kCgrpStorage = 32;

// The kernel's information on a map.
struct MapInfo {
  uint32_t id = 0;
  uint32_t type = 0;  // a bpf_map_type
  uint32_t key_size = 0;
  uint32_t value_size = 0;  // of one CPU
  // After any rounding.
  uint32_t max_entries = 0;
  uint32_t flags = 0;
};

// As libbpf calls it: "hash", "sk_storage"; "map type 99" if libbpf does not know it.
[[nodiscard]] std::string MapTypeName(uint32_t type);
// Whether programs write records into maps of that type, and no keys: ring buffers, perf event arrays. The
// type that an object declares as such a map's value is that of its records.
[[nodiscard]] bool HoldsEvents(uint32_t type);
// The kernel's information on the map behind `fd`; `name` is for the error.
[[nodiscard]] absl::StatusOr<MapInfo> QueryMap(int fd, absl::string_view name);
// How many values a per-CPU map has for each key.
[[nodiscard]] absl::StatusOr<uint32_t> PossibleCpus();

class Map {
 public:
  // Borrows `fd`, which must outlive the Map. The types are absent if the map has none.
  [[nodiscard]] static absl::StatusOr<Map> Borrow(std::string name, int fd, std::optional<TypeRef> key_type,
                                                  std::optional<TypeRef> value_type);
  // Creates a map without an object, and without BTF types. `info.id` is ignored.
  [[nodiscard]] static absl::StatusOr<Map> Create(std::string name, const MapInfo& info);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const MapInfo& info() const { return info_; }
  [[nodiscard]] std::string type_name() const { return MapTypeName(info_.type); }
  [[nodiscard]] const std::optional<TypeRef>& key_type() const { return key_type_; }
  [[nodiscard]] const std::optional<TypeRef>& value_type() const { return value_type_; }

  // Whether a key holds one value for each possible CPU.
  [[nodiscard]] bool IsPerCpu() const;
  // Whether it has no keys at all: queue, stack, bloom filter.
  [[nodiscard]] bool IsKeyless() const;
  // Whether keys are indexes from 0 (u32), whatever BTF says: arrays of all kinds, sockmap.
  [[nodiscard]] bool IsIndexed() const;
  [[nodiscard]] bool IsProgramArray() const;
  [[nodiscard]] bool IsMapOfMaps() const;
  // Sockmap or sockhash: written as a socket's descriptor, read as its cookie if value_size is 8.
  [[nodiscard]] bool HoldsSockets() const;
  // Cgroup array: written as a cgroup's descriptor, and never read.
  [[nodiscard]] bool HoldsCgroups() const;
  // Whether the key is a socket's descriptor: socket storage.
  [[nodiscard]] bool IsSocketStorage() const;
  // The same of a cgroup's. (Cgroup storage of the older kind has keys of its own.)
  [[nodiscard]] bool IsCgroupStorage() const;
  // Whether it can only be asked for values.
  [[nodiscard]] bool IsBloomFilter() const;
  [[nodiscard]] bool IsRingBuffer() const;
  // Whether it is a section of global variables: `.data`, `.bss`, `.rodata`, and those whose names begin so.
  [[nodiscard]] bool IsDataSection() const;
  [[nodiscard]] bool IsUserRingBuffer() const;
  [[nodiscard]] bool IsPerfEventArray() const;
  // Bytes that one lookup gives: value_size, or for per-CPU maps the values of all CPUs with padding.
  [[nodiscard]] size_t lookup_size() const { return lookup_size_; }
  // 1, or for per-CPU maps the number of possible CPUs.
  [[nodiscard]] uint32_t values_per_key() const { return values_per_key_; }

 private:
  Map(std::string name, MapInfo info, int fd, common::Fd owned);

  std::string name_;
  MapInfo info_;
  common::Fd owned_;  // not open if fd_ is borrowed
  int fd_;
  std::optional<TypeRef> key_type_;
  std::optional<TypeRef> value_type_;
  uint32_t values_per_key_ = 1;
  size_t lookup_size_ = 0;
};

}  // namespace bpfrig::kernel_bpf
