// RecordCodec: the records of one map as one ReadEvents or WriteEvents call sees them: by the type that the
// caller names, by the one that the object declares as the map's value, or as bytes.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bpfrig/v1/map.pb.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/worker/handlers/sandbox.h"

namespace bpfrig::worker {

class RecordCodec {
 public:
  // The error of looking up `type`; empty: the map's own, if it is a struct or union. Others stand in
  // declarations of perf event arrays for the kernel's descriptors.
  [[nodiscard]] static absl::StatusOr<RecordCodec> Open(Sandbox& sandbox, const MapReference& map,
                                                        const std::string& type);

  // A record to write, or to expect. Errors have the path within the value.
  [[nodiscard]] absl::StatusOr<kernel_bpf::Encoded> Encode(const Sandbox& sandbox,
                                                           const bpfrig::v1::Value& value,
                                                           Purpose purpose) const;
  // One to expect, for an answer.
  [[nodiscard]] absl::Status Resolve(const Sandbox& sandbox, const bpfrig::v1::Value& pattern,
                                     bpfrig::v1::ResolvedValue& out) const;
  // Sets the event's value if there is a type. A record that is shorter than the type that the caller named
  // is TYPE_MISMATCH; shorter than the map's own, it stays bytes.
  [[nodiscard]] absl::Status Decode(absl::string_view record, bpfrig::v1::Event& event) const;

 private:
  std::optional<kernel_bpf::TypeRef> type_;
  bool is_named_ = false;
};

}  // namespace bpfrig::worker
