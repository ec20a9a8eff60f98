// Keys and values of one map, encoded and decoded: by a type that the caller named, by the map's own BTF, or,
// if the kernel itself fixes the meaning, without any (indexes, descriptors, ids, cookies). Called for each
// entry of SeedMap and DumpMap. Errors name the map, its key or value, type and size.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/map/map.h"

namespace bpfrig::kernel_bpf {

class MapCodec {
 public:
  // `key_type` and `value_type` are what the caller named, or nothing for the map's own. TYPE_MISMATCH if a
  // type's size is not the map's. A type that the caller named may be shorter: it is the beginning, and what
  // follows is zero if it is written. Borrows the map.
  [[nodiscard]] static absl::StatusOr<MapCodec> Create(const Map& map, std::optional<TypeRef> key_type,
                                                       std::optional<TypeRef> value_type);

  // Without a type, raw bytes, prefixes and text still encode; numbers, lists and fields are NO_TYPE, unless
  // the map is one whose meaning the kernel fixes. A per-CPU map's value is encoded for one CPU.
  [[nodiscard]] absl::StatusOr<Encoded> EncodeKey(const Value& key) const;
  [[nodiscard]] absl::StatusOr<Encoded> EncodeValue(const Value& value) const;

  // Nothing if there is no type to decode by. `value` has the bytes of one CPU. A prog array's or map of
  // maps' value is an id, a sockmap's a cookie, as unsigned numbers.
  [[nodiscard]] absl::StatusOr<std::optional<Value>> DecodeKey(absl::string_view key) const;
  [[nodiscard]] absl::StatusOr<std::optional<Value>> DecodeValue(absl::string_view value) const;

 private:
  // How one half is laid out: by `type`, or by size alone if the kernel fixes its meaning, or not at all.
  struct Half {
    const char* name = "";  // "key", "value"
    size_t size = 0;
    std::optional<TypeRef> type;
    bool is_number = false;
    // Whether the caller named the type.
    bool is_named = false;
  };

  explicit MapCodec(const Map& map) : map_(&map) {}
  [[nodiscard]] absl::Status CheckSize(const Half& half) const;
  [[nodiscard]] absl::StatusOr<Encoded> EncodeHalf(const Half& half, const Value& value) const;
  [[nodiscard]] static absl::StatusOr<std::optional<Value>> DecodeHalf(const Half& half,
                                                                       absl::string_view bytes);

  const Map* map_;  // borrowed
  Half key_;
  Half value_;
};

}  // namespace bpfrig::kernel_bpf
