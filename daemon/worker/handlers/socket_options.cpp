// SetSocketOption and GetSocketOption: setsockopt() and getsockopt() on any socket that has a name.
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/socket_option_names.h"

namespace bpfrig::worker {

constexpr uint32_t kDefaultRoom = 4096;

absl::Status HandleSetSocketOption(Sandbox& sandbox, const bpfrig::v1::SetSocketOptionRequest& request,
                                   bpfrig::v1::SetSocketOptionResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const OptionPlace at,
                          FindOption(sandbox.traffic(), request.socket(), request.level(), request.option()));
  const absl::StatusOr<std::string> bytes = sandbox.values().ResolveBytes(request.value(), sizeof(int));
  if (!bytes.ok()) return base::WithField(bytes.status(), "value");
  const auto size = static_cast<socklen_t>(bytes->size());
  const int result = ::setsockopt(at.descriptor, at.level, at.option, bytes->data(), size);
  if (result != 0) response.set_errno_name(common::ErrnoName(errno));
  return absl::OkStatus();
}

absl::Status HandleGetSocketOption(Sandbox& sandbox, const bpfrig::v1::GetSocketOptionRequest& request,
                                   bpfrig::v1::GetSocketOptionResponse& response) {
  BPFRIG_ASSIGN_OR_RETURN(const OptionPlace at,
                          FindOption(sandbox.traffic(), request.socket(), request.level(), request.option()));
  std::string raw(request.room() == 0 ? kDefaultRoom : request.room(), '\0');
  auto size = static_cast<socklen_t>(raw.size());
  if (::getsockopt(at.descriptor, at.level, at.option, raw.data(), &size) != 0) {
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
