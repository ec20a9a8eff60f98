// DataSocket: a socket that sends and receives, as Send, Receive, Disconnect, Connect and their waits see it.
// What arrives is kept, up to a limit, until somebody takes it. The socket may be closed long before the
// object goes: what arrived can still be taken.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/socket.h"

namespace bpfrig::worker {

// Bytes on their way out.
struct PendingWrite {
  std::string data;
  size_t sent = 0;
  bool finished = false;
  // The errno that ended it early, or 0.
  int error = 0;
};

class DataSocket : public Socket {
 public:
  // Notified when bytes arrived or went, and when either side closed.
  [[nodiscard]] Signal& changed() { return changed_; }

  // The peer has closed or reset the connection, and all that it sent has been read.
  [[nodiscard]] virtual bool PeerClosed() const = 0;
  // The errno that ended the connection, or 0.
  [[nodiscard]] virtual int error() const = 0;
  [[nodiscard]] virtual uint64_t total_sent() const = 0;
  [[nodiscard]] virtual uint64_t total_received() const = 0;

  // Bytes that arrived and were not taken yet, and whether no more are kept beside them.
  [[nodiscard]] virtual size_t Available() const = 0;
  [[nodiscard]] virtual bool IsFull() const = 0;
  [[nodiscard]] virtual std::string TakeReceived() = 0;
  // Reads what the kernel has at this moment, without waiting for the loop to say so.
  virtual void ReadNow() = 0;

  // Queues bytes; the result changes as they go, with a notification at the end.
  [[nodiscard]] virtual std::shared_ptr<PendingWrite> Write(std::string data) = 0;
  // Gives up what did not go yet.
  virtual void AbandonWrite(const std::shared_ptr<PendingWrite>& write) = 0;
  // Closes, with RST if asked; writes under way fail with EPIPE.
  virtual void Close(bool reset) = 0;

 protected:
  using Socket::Socket;

 private:
  Signal changed_;
};

}  // namespace bpfrig::worker
