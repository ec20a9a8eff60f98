#include "daemon/worker/handlers/map_access.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

using kernel_bpf::Encoded;
using kernel_bpf::TypeRef;

constexpr char kNoTypeHint[] =
    "name the types: key_type and value_type; where the object has none, load one that has them (types_only)";

absl::StatusOr<std::optional<TypeRef>> FindType(const ObjectStore& objects, const std::string& object,
                                                const std::string& name) {
  if (name.empty()) return std::optional<TypeRef>();
  BPFRIG_ASSIGN_OR_RETURN(const TypeRef type, objects.FindType(object, name));
  return std::optional<TypeRef>(type);
}

absl::StatusOr<Encoded> Hinted(absl::StatusOr<Encoded> encoded) {
  if (encoded.ok() || base::DetailOf(encoded.status()).reason != base::Reason::kNoType) return encoded;
  return base::WithHint(encoded.status(), kNoTypeHint);
}

}  // namespace

absl::StatusOr<MapAccess> MapAccess::Open(Sandbox& sandbox, const std::string& map,
                                          const std::string& key_type, const std::string& value_type) {
  const absl::StatusOr<MapReference> reference = sandbox.objects().FindMap(map);
  if (!reference.ok()) return base::WithField(reference.status(), "map");
  const auto key = FindType(sandbox.objects(), reference->object, key_type);
  if (!key.ok()) return base::WithField(key.status(), "key_type");
  const auto value = FindType(sandbox.objects(), reference->object, value_type);
  if (!value.ok()) return base::WithField(value.status(), "value_type");
  BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::MapCodec codec,
                          kernel_bpf::MapCodec::Create(*reference->map, *key, *value));
  MapAccess access(sandbox, *reference, codec);
  access.value_type_ = value->has_value() ? *value : reference->map->value_type();
  return access;
}

Reference MapAccess::ValueReference() const {
  if (map().HoldsSockets()) return Reference::kSocket;
  if (map().IsProgramArray()) return Reference::kProgram;
  if (map().IsMapOfMaps()) return Reference::kMap;
  if (map().HoldsCgroups()) return Reference::kCgroup;
  return Reference::kNone;
}

absl::StatusOr<Encoded> MapAccess::EncodeKey(const bpfrig::v1::Value& key, Purpose purpose) const {
  const Reference allowed = map().IsSocketStorage()   ? Reference::kSocket
                            : map().IsCgroupStorage() ? Reference::kCgroup
                                                      : Reference::kNone;
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value resolved,
                          sandbox_->values().Resolve(key, allowed, purpose));
  return Hinted(codec_.EncodeKey(resolved));
}

absl::StatusOr<Encoded> MapAccess::EncodeValue(const bpfrig::v1::Value& value) const {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value resolved,
                          sandbox_->values().Resolve(value, ValueReference(), Purpose::kWrite));
  return Hinted(codec_.EncodeValue(resolved));
}

absl::StatusOr<Encoded> MapAccess::EncodeExpectedValue(const bpfrig::v1::Value& value) const {
  if (map().HoldsSockets() && map().info().value_size != sizeof(uint64_t)) {
    return base::WithHint(
        base::MakeError(
            base::Reason::kUnsupported,
            absl::StrCat("expecting a value of map ", map().name(),
                         ": the kernel tells the sockets of a map only where its value_size is 8")),
        "expect its keys alone, or declare the map with a value of 8 bytes");
  }
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value resolved,
                          sandbox_->values().Resolve(value, ValueReference(), Purpose::kExpect));
  return Hinted(codec_.EncodeValue(resolved));
}

absl::Status MapAccess::EncodeIntoSection(const bpfrig::v1::Value& value, std::string& bytes) const {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value resolved,
                          sandbox_->values().Resolve(value, Reference::kNone, Purpose::kWrite));
  if (value_type_.has_value()) return kernel_bpf::EncodeInto(*value_type_, resolved, bytes);
  BPFRIG_ASSIGN_OR_RETURN(Encoded encoded, Hinted(codec_.EncodeValue(resolved)));
  bytes = std::move(encoded.bytes);
  return absl::OkStatus();
}

absl::StatusOr<bool> MapAccess::DecodeKey(absl::string_view key, bpfrig::v1::Value& out) const {
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<kernel_bpf::Value> decoded, codec_.DecodeKey(key));
  if (!decoded.has_value()) return false;
  ToProto(*decoded, out);
  return true;
}

absl::StatusOr<bool> MapAccess::DecodeValue(absl::string_view value, bpfrig::v1::Value& out) const {
  if (value.empty()) return false;
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<kernel_bpf::Value> decoded, codec_.DecodeValue(value));
  if (!decoded.has_value()) return false;
  if (const auto* id = std::get_if<uint64_t>(&decoded->kind)) {
    std::optional<std::string> name;
    if (map().IsProgramArray()) name = sandbox_->objects().ProgramNameOfId(static_cast<uint32_t>(*id));
    if (name.has_value()) {
      out.mutable_tag()->set_program(*name);
      return true;
    }
    if (map().IsMapOfMaps()) name = sandbox_->objects().MapNameOfId(static_cast<uint32_t>(*id));
    if (name.has_value()) {
      out.mutable_tag()->set_map(*name);
      return true;
    }
  }
  ToProto(*decoded, out);
  return true;
}

kernel_bpf::BatchMode ToBatchMode(bpfrig::v1::BatchMode mode) {
  switch (mode) {
    case bpfrig::v1::BATCH_MODE_BATCH:
      return kernel_bpf::BatchMode::kBatch;
    case bpfrig::v1::BATCH_MODE_ELEMENT:
      return kernel_bpf::BatchMode::kElement;
    default:
      return kernel_bpf::BatchMode::kAuto;
  }
}

}  // namespace bpfrig::worker
