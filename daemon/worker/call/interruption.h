// Interruption: while one lives, the front's closing of a call interrupts the system call that this thread is
// in, if it is one that signals interrupt. For handlers that keep the loop in one system call for as long as
// the caller likes: no deadline reaches into it otherwise.
#pragma once

#include "absl/status/statusor.h"

namespace bpfrig::worker {

class Interruption {
 public:
  // `socket` is the call's, and outlives this.
  static absl::StatusOr<Interruption> Arm(int socket);
  ~Interruption();
  Interruption(Interruption&& other) noexcept;
  Interruption& operator=(Interruption&&) = delete;

  // Whether the front has closed the call.
  [[nodiscard]] bool IsDue() const;

 private:
  explicit Interruption(int socket) : socket_(socket) {}

  int socket_;  // borrowed; -1 if this was moved from
};

}  // namespace bpfrig::worker
