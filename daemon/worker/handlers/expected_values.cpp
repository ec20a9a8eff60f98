#include "daemon/worker/handlers/expected_values.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/kernel_bpf/btf/encode.h"

namespace bpfrig::worker {
namespace {

using kernel_bpf::TypeRef;

// Without a type what was read is bytes, and so is what it is compared with.
absl::Status ResolveBytes(const kernel_bpf::Value& value, bpfrig::v1::ResolvedValue& resolved) {
  if (std::holds_alternative<kernel_bpf::Unsaid>(value.kind)) return absl::OkStatus();
  const absl::StatusOr<std::string> bytes = kernel_bpf::BytesOf(value);
  if (!bytes.ok()) return base::WithHint(bytes.status(), "name the type of what is read: type");
  resolved.set_bytes(*bytes);
  resolved.set_mask(std::string(bytes->size(), '\xff'));
  return absl::OkStatus();
}

absl::Status ResolveTyped(TypeRef type, const kernel_bpf::Value& value, bpfrig::v1::ResolvedValue& resolved) {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Encoded encoded, kernel_bpf::Encode(type, value));
  resolved.set_bytes(encoded.bytes);
  resolved.set_mask(encoded.mask);
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value decoded, kernel_bpf::Decode(type, encoded.bytes));
  ToProto(decoded, *resolved.mutable_decoded());
  return absl::OkStatus();
}

}  // namespace

absl::Status ResolvePattern(const ValueResolver& values, const std::optional<TypeRef>& type,
                            const bpfrig::v1::Value& pattern, bpfrig::v1::ResolvedValue& resolved) {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value value,
                          values.Resolve(pattern, Reference::kNone, Purpose::kExpect));
  return type.has_value() ? ResolveTyped(*type, value, resolved) : ResolveBytes(value, resolved);
}

absl::Status ResolvePatterns(const ValueResolver& values, const std::optional<TypeRef>& type,
                             const google::protobuf::RepeatedPtrField<bpfrig::v1::Value>& patterns,
                             google::protobuf::RepeatedPtrField<bpfrig::v1::ResolvedValue>& resolved,
                             absl::string_view field) {
  for (int i = 0; i < patterns.size(); ++i) {
    const absl::Status done = ResolvePattern(values, type, patterns[i], *resolved.Add());
    if (!done.ok()) return base::WithField(done, absl::StrCat(field, "[", i, "]"));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
