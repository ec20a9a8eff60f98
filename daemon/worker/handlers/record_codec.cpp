#include "daemon/worker/handlers/record_codec.h"

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"

namespace bpfrig::worker {

using kernel_bpf::Value;

absl::StatusOr<RecordCodec> RecordCodec::Open(Sandbox& sandbox, const MapReference& map,
                                              const std::string& type) {
  RecordCodec codec;
  if (!type.empty()) {
    codec.is_named_ = true;
    BPFRIG_ASSIGN_OR_RETURN(codec.type_, sandbox.objects().FindType(map.object, type));
    return codec;
  }
  const std::optional<kernel_bpf::TypeRef>& declared = map.map->value_type();
  if (declared.has_value() && kernel_bpf::IsComposite(*declared)) codec.type_ = declared;
  return codec;
}

absl::StatusOr<std::string> RecordCodec::Encode(const Sandbox& sandbox,
                                                const bpfrig::v1::Value& value) const {
  BPFRIG_ASSIGN_OR_RETURN(const Value resolved,
                          sandbox.values().Resolve(value, Reference::kNone, Purpose::kWrite));
  if (type_.has_value()) {
    BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::Encoded encoded, kernel_bpf::Encode(*type_, resolved));
    return std::move(encoded.bytes);
  }
  absl::StatusOr<std::string> bytes = kernel_bpf::BytesOf(resolved);
  return bytes.ok() ? bytes : base::WithHint(bytes.status(), "name the records' type: type");
}

absl::Status RecordCodec::Decode(absl::string_view record, bpfrig::v1::Event& event) const {
  if (!type_.has_value()) return absl::OkStatus();
  const absl::StatusOr<Value> value = kernel_bpf::Decode(*type_, record);
  if (value.ok()) {
    ToProto(*value, *event.mutable_value());
  } else if (is_named_) {
    return base::WithField(
        base::WithHint(value.status(), "name the type that the program writes, or none: type"), "type");
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
