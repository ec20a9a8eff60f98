#include "daemon/front/sandboxes/event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::ErrnoError;
using base::MakeError;
using base::Reason;

// poll() up to a deadline.
absl::Status PollUntil(std::vector<pollfd>& polled, absl::Time deadline) {
  while (true) {
    int timeout_ms = -1;
    if (deadline != absl::InfiniteFuture()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return MakeError(Reason::kDeadline, "waiting: the deadline passed");
      // Long waits go round the loop.
      timeout_ms = static_cast<int>(absl::ToInt64Milliseconds(std::min(left, absl::Hours(1)))) + 1;
    }
    const int ready = ::poll(polled.data(), polled.size(), timeout_ms);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return ErrnoError("polling");
  }
}

}  // namespace

absl::StatusOr<Event> Event::Create() {
  common::Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.IsOpen()) return ErrnoError("making an eventfd");
  return Event(std::move(fd));
}

void Event::Signal() {
  // Fails only if the counter is full, which is a signal too.
  (void)::eventfd_write(fd_.Get(), 1);
}

void Event::Clear() {
  eventfd_t count = 0;
  (void)::eventfd_read(fd_.Get(), &count);
}

absl::StatusOr<int> WaitForAny(std::initializer_list<int> fds, absl::Time deadline) {
  std::vector<pollfd> polled;
  for (const int fd : fds) polled.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  BPFRIG_RETURN_IF_ERROR(PollUntil(polled, deadline));
  for (const pollfd& each : polled) {
    if (each.revents != 0) return each.fd;
  }
  return MakeError(Reason::kInternal, "polling: nothing is ready");
}

absl::Status WaitForRoom(int socket, absl::Time deadline) {
  std::vector<pollfd> polled{{.fd = socket, .events = POLLOUT, .revents = 0}};
  return PollUntil(polled, deadline);
}

}  // namespace bpfrig::front
