#include "daemon/worker/call/interruption.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

// Interrupting is all that the signal is to do. The handler stays: SIGIO would end the process by default.
absl::Status CatchSignal() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  if (::sigaction(SIGIO, &action, nullptr) != 0) return base::ErrnoError("setting a signal handler");
  return absl::OkStatus();
}

absl::Status SetAsynchronous(int socket, bool on) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0 || ::fcntl(socket, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC) != 0) {
    return base::ErrnoError("setting whether a call's socket sends signals");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Interruption> Interruption::Arm(int socket) {
  BPFRIG_RETURN_IF_ERROR(CatchSignal());
  const f_owner_ex thread{.type = F_OWNER_TID, .pid = ::gettid()};
  if (::fcntl(socket, F_SETOWN_EX, &thread) != 0) return base::ErrnoError("directing a call's signals here");
  BPFRIG_RETURN_IF_ERROR(SetAsynchronous(socket, true));
  return Interruption(socket);
}

Interruption::Interruption(Interruption&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

Interruption::~Interruption() {
  if (socket_ < 0) return;
  const absl::Status status = SetAsynchronous(socket_, false);
  if (!status.ok()) base::LogWarning(status.message());
}

bool Interruption::IsDue() const {
  pollfd poll_fd{.fd = socket_, .events = 0, .revents = 0};
  return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLHUP) != 0;
}

}  // namespace bpfrig::worker
