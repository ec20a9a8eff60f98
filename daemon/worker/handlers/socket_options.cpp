// SetSocketOption and GetSocketOption: setsockopt() and getsockopt() on any socket that has a name.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/decode.h"
#include "daemon/worker/handlers/expected_values.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/handlers/ready_options.h"
#include "daemon/worker/objects/value_proto.h"
#include "daemon/worker/traffic/socket_option_names.h"

namespace bpfrig::worker {

namespace {

using kernel_bpf::TypeRef;

constexpr size_t kDefaultRoom = 4096;
// That of the request's rules.
constexpr size_t kMaxRoom = 65536;

template <typename Request>
absl::StatusOr<int> FindSocketOf(Sandbox& sandbox, const Request& request) {
  absl::StatusOr<int> descriptor = sandbox.traffic().FindDescriptor(request.socket());
  if (!descriptor.ok()) return base::WithField(descriptor.status(), "socket");
  return descriptor;
}

// What the value may take: all of its type, if no room is named.
absl::StatusOr<size_t> RoomFor(const bpfrig::v1::GetSocketOptionRequest& request,
                               const std::optional<TypeRef>& type) {
  if (request.room() != 0) return request.room();
  if (!type.has_value()) return kDefaultRoom;
  BPFRIG_ASSIGN_OR_RETURN(const size_t size, kernel_bpf::SizeOf(*type));
  return std::clamp(size, kDefaultRoom, kMaxRoom);
}

absl::Status DecodeOption(TypeRef type, std::string bytes, bpfrig::v1::Value& out) {
  BPFRIG_ASSIGN_OR_RETURN(const size_t size, kernel_bpf::SizeOf(type));
  // An older kernel's struct is shorter: what it lacks counts as zero.
  if (size <= kMaxRoom) bytes.resize(std::max(bytes.size(), size));
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::Value decoded, kernel_bpf::Decode(type, bytes));
  ToProto(decoded, out);
  return absl::OkStatus();
}

}  // namespace

absl::Status HandleSetSocketOption(Sandbox& sandbox, const bpfrig::v1::SetSocketOptionRequest& request,
                                   bpfrig::v1::SetSocketOptionResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const int descriptor, FindSocketOf(sandbox, request));
  BPFRIG_ASSIGN_OR_RETURN(const OptionNumber asked, FindOption(request.level(), request.option()));
  BPFRIG_ASSIGN_OR_RETURN(const std::string bytes,
                          ResolveOptionValue(sandbox, request.type(), request.value()));
  const auto size = static_cast<socklen_t>(bytes.size());
  const int result = ::setsockopt(descriptor, asked.level, asked.option, bytes.data(), size);
  if (result != 0) response.set_errno_name(common::ErrnoName(errno));
  return absl::OkStatus();
}

absl::Status HandleGetSocketOption(Sandbox& sandbox, const bpfrig::v1::GetSocketOptionRequest& request,
                                   bpfrig::v1::GetSocketOptionResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const int descriptor, FindSocketOf(sandbox, request));
  BPFRIG_ASSIGN_OR_RETURN(const OptionNumber asked, FindOption(request.level(), request.option()));
  std::optional<TypeRef> type;
  if (!request.type().empty()) {
    BPFRIG_ASSIGN_OR_RETURN(type, FindOptionType(sandbox, request.type()));
  }
  // Before the call: a mistake in them runs no program.
  BPFRIG_RETURN_IF_ERROR(
      ResolvePatterns(sandbox.values(), type, request.patterns(), *response.mutable_patterns()));
  BPFRIG_ASSIGN_OR_RETURN(const size_t room, RoomFor(request, type));
  std::string raw(room, '\0');
  auto size = static_cast<socklen_t>(raw.size());
  if (::getsockopt(descriptor, asked.level, asked.option, raw.data(), &size) != 0) {
    response.set_errno_name(common::ErrnoName(errno));
    return absl::OkStatus();
  }
  raw.resize(std::min<size_t>(size, raw.size()));
  uint64_t number = 0;
  if (raw.size() <= sizeof(number)) std::memcpy(&number, raw.data(), raw.size());
  response.set_value(number);
  response.set_length(size);
  if (type.has_value()) {
    BPFRIG_RETURN_IF_ERROR(base::WithField(DecodeOption(*type, raw, *response.mutable_decoded()), "type"));
  }
  response.set_raw(std::move(raw));
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
