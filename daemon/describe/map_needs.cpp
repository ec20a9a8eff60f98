#include "daemon/describe/map_needs.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace bpfrig::describe {
namespace {

template <size_t Size>
bool IsAmong(absl::string_view type, const std::array<absl::string_view, Size>& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

constexpr std::array<absl::string_view, 5> kKeyed = {"hash", "percpu_hash", "lru_hash", "lru_percpu_hash",
                                                     "lpm_trie"};
constexpr std::array<absl::string_view, 2> kArrays = {"array", "percpu_array"};
constexpr std::array<absl::string_view, 2> kOfMaps = {"array_of_maps", "hash_of_maps"};
// Types for which 0 is right, or is replaced by the loader.
constexpr std::array<absl::string_view, 8> kWithoutSize = {
    "sk_storage",     "inode_storage",         "task_storage",     "cgrp_storage",
    "cgroup_storage", "percpu_cgroup_storage", "perf_event_array", "struct_ops"};

bool IsKeyed(absl::string_view type) { return IsAmong(type, kKeyed); }

}  // namespace

std::vector<std::string> MissingOf(const v1::MapDescription& map) {
  std::vector<std::string> missing;
  const bool has_both = IsKeyed(map.type()) || IsAmong(map.type(), kArrays);
  if (has_both && map.key_size() == 0) missing.emplace_back("key_size");
  if (has_both && map.value_size() == 0) missing.emplace_back("value_size");
  if (map.max_entries() == 0 && !IsAmong(map.type(), kWithoutSize)) missing.emplace_back("max_entries");
  if (IsAmong(map.type(), kOfMaps) && !map.has_inner_map()) missing.emplace_back("inner_map");
  return missing;
}

bool HasTypedKeys(const v1::MapDescription& map) {
  return IsKeyed(map.type()) || map.type() == "hash_of_maps";
}

bool HasTypedValues(const v1::MapDescription& map) {
  return IsKeyed(map.type()) || IsAmong(map.type(), kArrays) || map.type() == "queue" ||
         map.type() == "stack" || map.type() == "sk_storage";
}

bool HasEvents(const v1::MapDescription& map) {
  return map.type() == "ringbuf" || map.type() == "perf_event_array";
}

bool IsReadOnly(absl::string_view section) { return absl::StartsWith(section, ".rodata"); }

}  // namespace bpfrig::describe
