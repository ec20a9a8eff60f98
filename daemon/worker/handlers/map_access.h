// MapAccess: a map as one SeedMap or DumpMap call sees it: found by name, with the types that the caller
// named, and with what its keys and values may refer to.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/v1/map.pb.h"
#include "daemon/kernel_bpf/map/map_codec.h"
#include "daemon/kernel_bpf/map/map_write.h"
#include "daemon/worker/handlers/sandbox.h"
#include "daemon/worker/objects/value_proto.h"

namespace bpfrig::worker {

class MapAccess {
 public:
  // Empty type names mean the map's own. Errors have the fields `map`, `key_type`, `value_type`.
  [[nodiscard]] static absl::StatusOr<MapAccess> Open(Sandbox& sandbox, const std::string& map,
                                                      const std::string& key_type,
                                                      const std::string& value_type);

  [[nodiscard]] const kernel_bpf::Map& map() const { return *reference_.map; }
  [[nodiscard]] const kernel_bpf::MapCodec& codec() const { return codec_; }
  // By the named type, or the map's own; nothing if there is none.
  [[nodiscard]] const std::optional<kernel_bpf::TypeRef>& value_type() const { return value_type_; }

  // Tags resolved, then encoded. Errors have the path within the value.
  [[nodiscard]] absl::StatusOr<kernel_bpf::Encoded> EncodeKey(const bpfrig::v1::Value& key,
                                                              Purpose purpose = Purpose::kWrite) const;
  [[nodiscard]] absl::StatusOr<kernel_bpf::Encoded> EncodeValue(const bpfrig::v1::Value& value) const;
  // As reading the map gives it, which for sockets, programs and maps is not what is written.
  [[nodiscard]] absl::StatusOr<kernel_bpf::Encoded> EncodeExpectedValue(const bpfrig::v1::Value& value) const;
  // Overwrites only the variables of a data section that `value` names.
  [[nodiscard]] absl::Status EncodeIntoSection(const bpfrig::v1::Value& value, std::string& bytes) const;

  // Decoded into `out`, programs and maps by name. False if there is no type to decode by.
  [[nodiscard]] absl::StatusOr<bool> DecodeKey(absl::string_view key, bpfrig::v1::Value& out) const;
  [[nodiscard]] absl::StatusOr<bool> DecodeValue(absl::string_view value, bpfrig::v1::Value& out) const;

 private:
  MapAccess(Sandbox& sandbox, MapReference reference, kernel_bpf::MapCodec codec)
      : sandbox_(&sandbox), reference_(std::move(reference)), codec_(codec) {}
  [[nodiscard]] Reference ValueReference() const;

  Sandbox* sandbox_;  // outlives the call
  MapReference reference_;
  kernel_bpf::MapCodec codec_;
  std::optional<kernel_bpf::TypeRef> value_type_;
};

// The mode of a request. AUTO if it says nothing.
[[nodiscard]] kernel_bpf::BatchMode ToBatchMode(bpfrig::v1::BatchMode mode);

}  // namespace bpfrig::worker
