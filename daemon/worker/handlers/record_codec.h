// RecordCodec: the records of one map as one ReadEvents or WriteEvents call sees them: by the type that the
// caller names, by the one that the object declares as the map's value, or as bytes.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpfrig/v1/map.pb.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {

// A hint for a value that is not bytes, of a record whose type nobody said: to name it, and what there is.
[[nodiscard]] absl::Status NameTheType(const absl::Status& status, Sandbox& sandbox, const MapReference& map);

class RecordCodec {
 public:
  // The error of looking up `type`; empty: the map's own, if it is a struct or union. Others stand in
  // declarations of perf event arrays for the kernel's descriptors.
  [[nodiscard]] static absl::StatusOr<RecordCodec> Open(Sandbox& sandbox, const MapReference& map,
                                                        const std::string& type);

  // Nothing: records are bytes.
  [[nodiscard]] const std::optional<kernel_bpf::TypeRef>& type() const { return type_; }
  // A record to write. Errors have the path within the value.
  [[nodiscard]] absl::StatusOr<std::string> Encode(const Sandbox& sandbox,
                                                   const bpfrig::v1::Value& value) const;
  // Sets the event's value if there is a type. A record that is shorter than the type that the caller named
  // is TYPE_MISMATCH; shorter than the map's own, it stays bytes.
  [[nodiscard]] absl::Status Decode(absl::string_view record, bpfrig::v1::Event& event) const;

 private:
  std::optional<kernel_bpf::TypeRef> type_;
  bool is_named_ = false;
};

}  // namespace bpfrig::worker
