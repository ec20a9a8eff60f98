#include "daemon/worker/handlers/record_codec.h"

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"

namespace bpfrig::worker {

using kernel_bpf::Encoded;
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

absl::StatusOr<Encoded> RecordCodec::Encode(const Sandbox& sandbox, const bpfrig::v1::Value& value,
                                            Purpose purpose) const {
  BPFRIG_ASSIGN_OR_RETURN(const Value resolved, sandbox.values().Resolve(value, Reference::kNone, purpose));
  if (type_.has_value()) return kernel_bpf::Encode(*type_, resolved);
  // Without a type a record is bytes.
  if (std::holds_alternative<kernel_bpf::Unsaid>(resolved.kind)) return Encoded();
  const absl::StatusOr<std::string> bytes = kernel_bpf::BytesOf(resolved);
  if (!bytes.ok()) return base::WithHint(bytes.status(), "name the records' type: type");
  return Encoded{*bytes, std::string(bytes->size(), '\xff')};
}

absl::Status RecordCodec::Resolve(const Sandbox& sandbox, const bpfrig::v1::Value& pattern,
                                  bpfrig::v1::ResolvedValue& out) const {
  BPFRIG_ASSIGN_OR_RETURN(const Encoded encoded, Encode(sandbox, pattern, Purpose::kExpect));
  out.set_bytes(encoded.bytes);
  out.set_mask(encoded.mask);
  if (!type_.has_value()) return absl::OkStatus();
  BPFRIG_ASSIGN_OR_RETURN(const Value decoded, kernel_bpf::Decode(*type_, encoded.bytes));
  ToProto(decoded, *out.mutable_decoded());
  return absl::OkStatus();
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
