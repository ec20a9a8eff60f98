// Server: what Listen made: the socket that has its name, and those that it accepted. One of datagrams
// accepts none.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/fd.h"
#include "daemon/worker/traffic/datagram_journal.h"
#include "daemon/worker/traffic/socket.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

// An accepted socket that nobody reads, and that behaves in no way yet.
struct BareAccepted {
  common::Fd descriptor;
  uint64_t cookie = 0;
  // The server closes whatever it accepts.
  bool closes_at_once = false;
};

class Server {
 public:
  using Condition = std::function<bool(const Socket&)>;

  Server() = default;
  virtual ~Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The socket that listens, or receives datagrams.
  [[nodiscard]] virtual std::shared_ptr<Socket> socket() const = 0;
  // Hands over the first accepted socket that meets the condition; null if there is none.
  [[nodiscard]] virtual std::shared_ptr<StreamEnd> TakeAccepted(const Condition& condition) = 0;
  // Accepts at once, without the loop, up to the connection that was dialled from `local` to `peer`, both
  // normalised: it is the caller's. Those before it are accepted as ever. Nothing if it is not there yet.
  [[nodiscard]] virtual std::optional<BareAccepted> AcceptNow(const Endpoint& local,
                                                              const Endpoint& peer) = 0;
  // Forgets accepted sockets that have been closed already.
  virtual void ForgetClosed() = 0;
  // How many datagrams came from that address.
  [[nodiscard]] virtual uint64_t CountFrom(const Endpoint& source) const = 0;
  // The last datagrams that it had, oldest first.
  [[nodiscard]] virtual std::vector<DatagramArrival> Arrivals() const = 0;
  // Closes the accepted sockets that nobody has taken, and listens no more.
  virtual void Close() = 0;
};

}  // namespace bpfrig::worker
