// ArrivingBytes: how much of a connection's bytes gRPC has read and not yet made a message of, and the end of
// connections on which that is too much. gRPC (1.51, and later ones as far as we know) keeps a message until
// it is whole, and looks at its size only then: a client that announces 2 GB has them kept. It tells nobody
// how much it has read either, so that recvmsg() in this process is ours, and counts.
//
// It counts the calls in them, too: of one that a client resets, or gives no message, gRPC tells nobody, and
// keeps some 10 KiB for each. Not behind TLS, whose bytes say nothing: there a client has shown a
// certificate.
//
// One for each connection, by the number of its descriptor. Connections owns them; the relays say what has
// become a message, and Callers which calls were answered.
#pragma once

#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace bpfrig::front {

struct ArrivingLimits {
  uint64_t bytes = 0;
  // Calls that were begun and not answered.
  uint64_t calls = 0;
};

class ArrivingBytes {
 public:
  // What cannot be told apart from a message that will never be whole, such as the headers of calls and what
  // was cancelled, is forgotten at this rate.
  static constexpr uint64_t kForgottenPerSecond = uint64_t{1} << 20;
  // The same for calls that a client gave up.
  static constexpr uint64_t kCallsForgottenPerSecond = 10;

  ArrivingBytes() = default;
  // Counts from now on, until it ends or another one counts for a descriptor of the same number. If more
  // bytes than that are on their way, it shuts the socket down; if more calls, it lets nobody read any
  // further, so that gRPC misses the answer to its next ping and ends the connection.
  ArrivingBytes(int socket, const ArrivingLimits& limits, absl::Time (*clock)() = absl::Now);
  ~ArrivingBytes();
  ArrivingBytes(ArrivingBytes&& other) noexcept;
  ArrivingBytes& operator=(ArrivingBytes&& other) noexcept;

  // That many bytes have become a message.
  void Arrived(uint64_t bytes);
  // A call has been answered, and its client had not given it up.
  void Answered();
  // So many calls may be on their way from now on, if that is more than before.
  void RaiseCalls(uint64_t calls);
  // Whether there was too much of either, and whether of calls.
  [[nodiscard]] bool TooMany() const;
  [[nodiscard]] bool TooManyCalls() const;
  [[nodiscard]] const ArrivingLimits& limits() const { return limits_; }

 private:
  int socket_ = -1;
  uint64_t owner_ = 0;
  ArrivingLimits limits_;
};

}  // namespace bpfrig::front
