#include "daemon/worker/handlers/ready_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/worker/objects/value_proto.h"
#include "daemon/worker/traffic/socket_option_names.h"

namespace bpfrig::worker {
namespace {

absl::StatusOr<std::string> EncodeTyped(Sandbox& sandbox, kernel_bpf::TypeRef type,
                                        const bpfrig::v1::Value& value) {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value resolved,
                          sandbox.values().Resolve(value, Reference::kNone, Purpose::kWrite));
  BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::Encoded encoded, kernel_bpf::Encode(type, resolved));
  return std::move(encoded.bytes);
}

absl::StatusOr<std::string> EncodeUntyped(Sandbox& sandbox, const bpfrig::v1::Value& value) {
  absl::StatusOr<std::string> bytes = sandbox.values().ResolveBytes(value, sizeof(int));
  if (bytes.ok() || !(value.has_list() || value.has_fields())) return bytes;
  base::ErrorDetail detail = base::DetailOf(bytes.status());
  detail.hint = "name the option's type, such as type: vmlinux/linger";
  return base::WithDetail(bytes.status(), detail);
}

absl::StatusOr<ReadyOption> ResolveOption(const bpfrig::v1::SocketOption& option, Sandbox& sandbox) {
  BPFRIG_ASSIGN_OR_RETURN(const OptionNumber number, FindOption(option.level(), option.option()));
  BPFRIG_ASSIGN_OR_RETURN(std::string bytes, ResolveOptionValue(sandbox, option.type(), option.value()));
  return ReadyOption{number.level, number.option, std::move(bytes),
                     absl::StrCat(option.level(), "/", option.option())};
}

}  // namespace

absl::StatusOr<kernel_bpf::TypeRef> FindOptionType(Sandbox& sandbox, const std::string& type) {
  absl::StatusOr<kernel_bpf::TypeRef> found = sandbox.objects().FindType("", type);
  if (!found.ok()) return base::WithField(found.status(), "type");
  return found;
}

absl::StatusOr<std::string> ResolveOptionValue(Sandbox& sandbox, const std::string& type,
                                               const bpfrig::v1::Value& value) {
  absl::StatusOr<std::string> bytes;
  if (type.empty()) {
    bytes = EncodeUntyped(sandbox, value);
  } else {
    BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::TypeRef found, FindOptionType(sandbox, type));
    bytes = EncodeTyped(sandbox, found, value);
  }
  if (!bytes.ok()) return base::WithField(bytes.status(), "value");
  return bytes;
}

absl::StatusOr<std::vector<ReadyOption>> ResolveOptions(
    const google::protobuf::RepeatedPtrField<bpfrig::v1::SocketOption>& options, Sandbox& sandbox) {
  std::vector<ReadyOption> resolved;
  for (int i = 0; i < options.size(); ++i) {
    absl::StatusOr<ReadyOption> option = ResolveOption(options[i], sandbox);
    if (!option.ok()) return base::WithField(option.status(), absl::StrCat("options[", i, "]"));
    resolved.push_back(*std::move(option));
  }
  return resolved;
}

}  // namespace bpfrig::worker
