// ArrivingBytes: how much of a connection's bytes gRPC has read and not yet made a message of, and the end of
// connections on which that is too much. gRPC (1.51, and later ones as far as we know) keeps a message until
// it is whole, and looks at its size only then: a client that announces 2 GB has them kept. It tells nobody
// how much it has read either, so that recvmsg() in this process is ours, and counts.
//
// One for each connection, by the number of its descriptor. Connections owns them; the relays say what has
// become a message.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace bpfrig::front {

class ArrivingBytes {
 public:
  // What cannot be told apart from a message that will never be whole, such as the headers of calls and what
  // was cancelled, is forgotten at this rate.
  static constexpr uint64_t kForgottenPerSecond = uint64_t{1} << 20;

  ArrivingBytes() = default;
  // Counts from now on, and shuts the socket down if more than `limit` bytes are on their way.
  ArrivingBytes(int socket, uint64_t limit, absl::Time now);
  ~ArrivingBytes();
  ArrivingBytes(ArrivingBytes&& other) noexcept;
  ArrivingBytes& operator=(ArrivingBytes&& other) noexcept;

  // That many bytes have become a message.
  void Arrived(uint64_t bytes, absl::Time now);
  // Whether it shut the socket down.
  [[nodiscard]] bool TooMany() const;

 private:
  int socket_ = -1;
  uint64_t limit_ = 0;
  absl::Time forgotten_until_;
};

}  // namespace bpfrig::front
