// Socket: a socket of the sandbox that a plan can mean by name, whatever its family and type. This is all
// that `!socket`, `!cookie`, tuples and calls on a descriptor know of it.
#pragma once

#include <cstdint>

#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {

class Socket {
 public:
  virtual ~Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] virtual bool IsClosed() const = 0;
  // -1 once closed.
  [[nodiscard]] int descriptor() const { return IsClosed() ? -1 : descriptor_; }
  // Its own address, and that of the socket to which it is connected, as the kernel told them first.
  [[nodiscard]] const Endpoint& local() const { return local_; }
  [[nodiscard]] const Endpoint& peer() const { return peer_; }
  // SO_COOKIE; 0 if the kernel does not tell it.
  [[nodiscard]] uint64_t cookie() const { return cookie_; }

 protected:
  // `descriptor` belongs to the class that inherits from this.
  Socket(int descriptor, const Endpoint& local, const Endpoint& peer);

 private:
  const int descriptor_;
  const Endpoint local_;
  const Endpoint peer_;
  const uint64_t cookie_;
};

}  // namespace bpfrig::worker
