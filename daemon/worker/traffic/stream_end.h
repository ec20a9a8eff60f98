// StreamEnd: one end of a connection that carries a stream of bytes, dialled or accepted. It reads all the
// time, into a buffer that is bounded, writes what it is given in order, and behaves as its server says.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/behaviour.h"
#include "daemon/worker/traffic/socket.h"

namespace bpfrig::worker {

// A stream socket of any family.
using StreamSocket = asio::generic::stream_protocol::socket;

// Bytes on their way out.
struct PendingWrite {
  std::string data;
  size_t sent = 0;
  bool finished = false;
  // The errno that ended it early, or 0.
  int error = 0;
};

// What arrives is kept, up to a limit, until somebody takes it. The socket may be closed long before the
// object goes: what arrived can still be taken.
class StreamEnd final : public Socket, public std::enable_shared_from_this<StreamEnd> {
 public:
  // Takes over a connected socket, and begins to read and to behave.
  [[nodiscard]] static std::shared_ptr<StreamEnd> Start(StreamSocket socket, const SocketFacts& facts,
                                                        Behaviour behaviour, size_t receive_limit);
  // Use Start().
  StreamEnd(StreamSocket socket, const SocketFacts& facts, Behaviour behaviour, size_t receive_limit);

  // Notified when bytes arrived or went, and when either side closed.
  [[nodiscard]] Signal& changed() { return changed_; }

  [[nodiscard]] bool IsClosed() const override {
    return state_ == State::kClosed || state_ == State::kFinished;
  }
  // The peer has closed or reset the connection, and all that it sent has been read.
  [[nodiscard]] bool PeerClosed() const { return state_ == State::kPeerClosed || state_ == State::kFinished; }
  // The errno that ended the connection, or 0.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] uint64_t total_sent() const override { return total_sent_; }
  [[nodiscard]] uint64_t total_received() const override { return total_received_; }

  // Bytes that arrived and were not taken yet, and whether no more are kept beside them.
  [[nodiscard]] size_t Available() const { return received_.size(); }
  [[nodiscard]] bool IsFull() const { return received_.size() >= receive_limit_; }
  [[nodiscard]] std::string TakeReceived();
  // Reads what the kernel has at this moment, without waiting for the loop to say so.
  void ReadNow();

  // Queues bytes; the result changes as they go, with a notification at the end.
  [[nodiscard]] std::shared_ptr<PendingWrite> Write(std::string data);
  // Gives up what did not go yet.
  void AbandonWrite(const std::shared_ptr<PendingWrite>& write);
  // Writes under way fail with EPIPE.
  void Close(bool reset) override;

 private:
  // How far the connection has come. kOpen goes to kPeerClosed when the end of what the peer sends has been
  // read, or an error; to kClosed when this end is closed before that. kPeerClosed goes to kFinished when
  // this end is closed too. kClosed and kFinished are the last: nothing is read or written any more.
  enum class State { kOpen, kPeerClosed, kClosed, kFinished };

  void Prepare();
  void WaitToRead();
  void ReadAvailable();
  // Does what the server says once `arrived` more bytes are there.
  void Behave(size_t arrived);
  void Flush();
  void WaitToWrite();
  void FailWrites(int error);
  // From the loop: reading and closing happen in the middle of other things.
  void NotifyLater();

  StreamSocket socket_;
  Signal changed_;
  const Behaviour behaviour_;
  const size_t receive_limit_;
  State state_ = State::kOpen;
  int error_ = 0;
  std::string received_;
  std::deque<std::shared_ptr<PendingWrite>> writes_;
  size_t unsent_bytes_ = 0;
  uint64_t total_sent_ = 0;
  uint64_t total_received_ = 0;
  // Whether the loop has been asked to tell; both may be true in any state, for a moment.
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
};

}  // namespace bpfrig::worker
