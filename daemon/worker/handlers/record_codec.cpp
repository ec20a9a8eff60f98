#include "daemon/worker/handlers/record_codec.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"

namespace bpfrig::worker {

using kernel_bpf::Value;

absl::Status NameTheType(const absl::Status& status, Sandbox& sandbox, const MapReference& map) {
  if (status.ok() || base::DetailOf(status).reason != base::Reason::kTypeMismatch) return status;
  base::ErrorDetail detail = base::DetailOf(status);
  detail.hint = absl::StrCat("name the record's type with \"type\" (the object has ",
                             sandbox.objects().TypesNear(map.object, map.map->name()),
                             "), or write bytes: !text, !hex, !ip, !be16, !be32, !be64 or !concat");
  return base::WithDetail(status, detail);
}

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
  return kernel_bpf::BytesOf(resolved);
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
