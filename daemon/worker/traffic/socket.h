// Socket: a socket of the sandbox that a plan can mean by name, whatever its family and type. This is all
// that `!socket`, `!cookie`, tuples and calls on a descriptor know of it.
#pragma once

#include <cstdint>

#include "daemon/worker/traffic/socket_facts.h"

namespace bpfrig::worker {

class Socket {
 public:
  virtual ~Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] virtual bool IsClosed() const = 0;
  // Closes, with RST if asked and if there is such a thing.
  virtual void Close(bool reset) = 0;
  // Bytes of its life.
  [[nodiscard]] virtual uint64_t total_sent() const { return 0; }
  [[nodiscard]] virtual uint64_t total_received() const { return 0; }

  // -1 once closed.
  [[nodiscard]] int descriptor() const { return IsClosed() ? -1 : descriptor_; }
  // Its own address, and that of the socket to which it is connected, as the kernel told them first.
  [[nodiscard]] const Endpoint& local() const { return facts_.local; }
  [[nodiscard]] const Endpoint& peer() const { return facts_.peer; }
  // SO_COOKIE; 0 if the kernel does not tell it. If it was not known yet, a getsockopt program sees the
  // question.
  [[nodiscard]] uint64_t cookie() const;

 protected:
  // `descriptor` belongs to the class that inherits from this.
  Socket(int descriptor, const SocketFacts& facts) : descriptor_(descriptor), facts_(facts) {}

 private:
  const int descriptor_;
  const SocketFacts facts_;
};

}  // namespace bpfrig::worker
