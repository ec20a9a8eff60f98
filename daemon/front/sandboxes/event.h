// Event: something that one thread waits for and another signals, as a file descriptor so that it can be
// waited for together with a socket. Used by the streaming calls, by the connection acceptor and by main.
#pragma once

#include <initializer_list>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"

namespace bpfrig::front {

class Event {
 public:
  [[nodiscard]] static absl::StatusOr<Event> Create();
  // Not usable until assigned from Create().
  Event() = default;

  void Signal();
  // Forgets the signals so far.
  void Clear();
  [[nodiscard]] int Get() const { return fd_.Get(); }

 private:
  explicit Event(common::Fd fd) : fd_(std::move(fd)) {}

  common::Fd fd_;
};

// Waits until one of the descriptors can be read, or is at its end, and returns the first such one.
// DEADLINE_EXCEEDED if the deadline passes before.
[[nodiscard]] absl::StatusOr<int> WaitForAny(std::initializer_list<int> fds, absl::Time deadline);
// The same for room to write.
[[nodiscard]] absl::Status WaitForRoom(int socket, absl::Time deadline);

}  // namespace bpfrig::front
