// Socket options as requests name them: those that are set on a socket while it is made, and the values of
// any.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bpfrig/v1/traffic.pb.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/worker/handlers/sandbox.h"
#include "daemon/worker/traffic/open_socket.h"

namespace bpfrig::worker {

// The bytes of a value, by the BTF type of that name; by none, a number is an int. Errors have the field
// `type` or `value`.
[[nodiscard]] absl::StatusOr<std::string> ResolveOptionValue(Sandbox& sandbox, const std::string& type,
                                                             const bpfrig::v1::Value& value);
// The type of that name, of the kernel or of any object; the error has the field `type`.
[[nodiscard]] absl::StatusOr<kernel_bpf::TypeRef> FindOptionType(Sandbox& sandbox, const std::string& type);

// Errors have the path of the field: "options[0].level".
[[nodiscard]] absl::StatusOr<std::vector<ReadyOption>> ResolveOptions(
    const google::protobuf::RepeatedPtrField<bpfrig::v1::SocketOption>& options, Sandbox& sandbox);

}  // namespace bpfrig::worker
