// SetSocketOption and GetSocketOption: setsockopt() and getsockopt() on any socket that has a name.
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/socket_option_names.h"

namespace bpfrig::worker {

namespace {

constexpr uint32_t kDefaultRoom = 4096;

template <typename Request>
absl::StatusOr<int> FindSocketOf(Sandbox& sandbox, const Request& request) {
  absl::StatusOr<int> descriptor = sandbox.traffic().FindDescriptor(request.socket());
  if (!descriptor.ok()) return base::WithField(descriptor.status(), "socket");
  return descriptor;
}

}  // namespace

absl::Status HandleSetSocketOption(Sandbox& sandbox, const bpfrig::v1::SetSocketOptionRequest& request,
                                   bpfrig::v1::SetSocketOptionResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const int descriptor, FindSocketOf(sandbox, request));
  BPFRIG_ASSIGN_OR_RETURN(const OptionNumber asked, FindOption(request.level(), request.option()));
  const absl::StatusOr<std::string> bytes = sandbox.values().ResolveBytes(request.value(), sizeof(int));
  if (!bytes.ok()) return base::WithField(bytes.status(), "value");
  const auto size = static_cast<socklen_t>(bytes->size());
  const int result = ::setsockopt(descriptor, asked.level, asked.option, bytes->data(), size);
  if (result != 0) response.set_errno_name(common::ErrnoName(errno));
  return absl::OkStatus();
}

absl::Status HandleGetSocketOption(Sandbox& sandbox, const bpfrig::v1::GetSocketOptionRequest& request,
                                   bpfrig::v1::GetSocketOptionResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const int descriptor, FindSocketOf(sandbox, request));
  BPFRIG_ASSIGN_OR_RETURN(const OptionNumber asked, FindOption(request.level(), request.option()));
  std::string raw(request.room() == 0 ? kDefaultRoom : request.room(), '\0');
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
  response.set_raw(std::move(raw));
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
