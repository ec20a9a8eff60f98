#include "daemon/kernel_bpf/map/map_codec.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

bool NeedsType(const Value& value) {
  return std::holds_alternative<uint64_t>(value.kind) || std::holds_alternative<int64_t>(value.kind) ||
         std::holds_alternative<List>(value.kind) || std::holds_alternative<Fields>(value.kind);
}

}  // namespace

absl::StatusOr<MapCodec> MapCodec::Create(const Map& map, std::optional<TypeRef> key_type,
                                          std::optional<TypeRef> value_type) {
  MapCodec codec(map);
  codec.key_ = {"key", map.info().key_size, key_type ? key_type : map.key_type(), false,
                key_type.has_value()};
  codec.value_ = {"value", map.info().value_size, value_type, false, value_type.has_value()};
  if (!value_type && !HoldsEvents(map.info().type)) codec.value_.type = map.value_type();
  // An index or a descriptor for the kernel stays one, whatever type an object declares.
  codec.key_.is_number =
      (map.IsIndexed() && !codec.key_.type) || map.IsSocketStorage() || map.IsCgroupStorage();
  codec.value_.is_number =
      map.IsProgramArray() || map.IsMapOfMaps() || map.HoldsSockets() || map.HoldsCgroups();
  BPFRIG_RETURN_IF_ERROR(base::WithField(codec.CheckSize(codec.key_), "key_type"));
  BPFRIG_RETURN_IF_ERROR(base::WithField(codec.CheckSize(codec.value_), "value_type"));
  return codec;
}

absl::Status MapCodec::CheckSize(const Half& half) const {
  if (!half.type || half.is_number) return absl::OkStatus();
  BPFRIG_ASSIGN_OR_RETURN(size_t size, SizeOf(*half.type));
  const bool may_be_shorter = half.is_named || HasFlexibleEnd(*half.type);
  if (size == half.size || (size < half.size && may_be_shorter)) return absl::OkStatus();
  return base::MakeError(base::Reason::kTypeMismatch,
                         absl::StrCat(TypeName(*half.type), " has ", size, " bytes, the ", half.name,
                                      " of map \"", map_->name(), "\" has ", half.size));
}

absl::StatusOr<Encoded> MapCodec::EncodeKey(const Value& key) const { return EncodeHalf(key_, key); }

absl::StatusOr<Encoded> MapCodec::EncodeValue(const Value& value) const { return EncodeHalf(value_, value); }

absl::StatusOr<Encoded> MapCodec::EncodeHalf(const Half& half, const Value& value) const {
  if (half.type && !half.is_number) {
    BPFRIG_ASSIGN_OR_RETURN(Encoded encoded, Encode(*half.type, value));
    // The end of a text needs no room.
    const bool ends_in_zero = encoded.bytes.size() == half.size + 1 && encoded.bytes.back() == '\0';
    if (encoded.bytes.size() > half.size && !ends_in_zero) {
      return base::MakeError(
          base::Reason::kTypeMismatch,
          absl::StrCat(TypeName(*half.type), " with these elements has ", encoded.bytes.size(),
                       " bytes, the ", half.name, " of map \"", map_->name(), "\" has ", half.size));
    }
    encoded.bytes.resize(half.size, '\0');
    encoded.mask.resize(half.size, '\0');
    return encoded;
  }
  if (!half.is_number && NeedsType(value)) {
    absl::Status status =
        base::MakeError(base::Reason::kNoType,
                        absl::StrCat("the ", half.name, " of map \"", map_->name(), "\" has no BTF type"));
    status = base::WithHint(
        status, absl::StrCat("name one with ", half.name, "_type (`types:` of a plan says it once), or give ",
                             half.size, " bytes with !hex"));
    return base::WithObject(status, map_->name());
  }
  return EncodeBySize(half.size, value, absl::StrCat("the ", half.name, " of map \"", map_->name(), "\""));
}

absl::StatusOr<std::optional<Value>> MapCodec::DecodeKey(absl::string_view key) const {
  return DecodeHalf(key_, key);
}

absl::StatusOr<std::optional<Value>> MapCodec::DecodeValue(absl::string_view value) const {
  return DecodeHalf(value_, value);
}

absl::StatusOr<std::optional<Value>> MapCodec::DecodeHalf(const Half& half, absl::string_view bytes) {
  if (half.is_number && (bytes.size() == 4 || bytes.size() == 8)) {
    uint64_t number = 0;
    for (size_t i = bytes.size(); i > 0; --i) number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
    return std::optional<Value>(Unsigned(number));
  }
  if (!half.type || bytes.size() < half.size || half.is_number) return std::optional<Value>();
  BPFRIG_ASSIGN_OR_RETURN(Value value, Decode(*half.type, bytes));
  return std::optional<Value>(std::move(value));
}

}  // namespace bpfrig::kernel_bpf
