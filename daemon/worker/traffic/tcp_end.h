// TcpEnd: one end of a TCP connection, dialled or accepted. It reads all the time, into a buffer that is
// bounded, writes what it is given in order, and behaves as its server says. The socket may be closed long
// before the object goes: what arrived can still be taken.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {

// What an end does of its own accord.
struct Behaviour {
  // kNone is a dialled end: it stays open when its peer has closed. All others close then.
  enum class Kind { kNone, kEcho, kSink, kReply, kClose };
  Kind kind = Kind::kNone;
  // For kReply.
  std::string reply;
};

// Bytes on their way out.
struct PendingWrite {
  std::string data;
  size_t sent = 0;
  bool finished = false;
  // The errno that ended it early, or 0.
  int error = 0;
};

class TcpEnd : public std::enable_shared_from_this<TcpEnd> {
 public:
  // Takes over a connected socket, whose addresses the caller has asked for already.
  TcpEnd(asio::ip::tcp::socket socket, const Endpoint& local, const Endpoint& peer, Behaviour behaviour,
         size_t receive_limit);
  TcpEnd(const TcpEnd&) = delete;
  TcpEnd& operator=(const TcpEnd&) = delete;

  // Begins to read and to behave; once.
  void Start();

  [[nodiscard]] const Endpoint& local() const { return local_; }
  [[nodiscard]] const Endpoint& peer() const { return peer_; }
  [[nodiscard]] uint64_t cookie() const { return cookie_; }
  // -1 once closed.
  [[nodiscard]] int fd() { return IsClosed() ? -1 : socket_.native_handle(); }
  [[nodiscard]] bool IsClosed() const { return state_ == State::kClosed || state_ == State::kFinished; }
  // The peer has closed or reset the connection, and all that it sent has been read.
  [[nodiscard]] bool PeerClosed() const { return state_ == State::kPeerClosed || state_ == State::kFinished; }
  // The errno that ended the connection, or 0.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] uint64_t total_sent() const { return total_sent_; }
  [[nodiscard]] uint64_t total_received() const { return total_received_; }
  // Notified when bytes arrived or went, and when either side closed.
  [[nodiscard]] Signal& changed() { return changed_; }

  [[nodiscard]] size_t Available() const { return received_.size(); }
  [[nodiscard]] bool IsFull() const { return received_.size() >= receive_limit_; }
  // What arrived and was not taken yet.
  [[nodiscard]] std::string TakeReceived();
  // Reads what the kernel has at this moment, without waiting for the loop to say so.
  void ReadNow();

  // Queues bytes; the result changes as they go, with a notification at the end.
  [[nodiscard]] std::shared_ptr<PendingWrite> Write(std::string data);
  // Gives up what did not go yet.
  void AbandonWrite(const std::shared_ptr<PendingWrite>& write);
  // Closes, with RST if asked; writes under way fail with EPIPE.
  void Close(bool reset);

 private:
  // How far the connection has come. kOpen goes to kPeerClosed when the end of what the peer sends has been
  // read, or an error; to kClosed when this end is closed before that. kPeerClosed goes to kFinished when
  // this end is closed too. kClosed and kFinished are the last: nothing is read or written any more.
  enum class State { kOpen, kPeerClosed, kClosed, kFinished };

  void WaitToRead();
  void ReadAvailable();
  // Does what the server says once `arrived` more bytes are there.
  void Behave(size_t arrived);
  void Flush();
  void WaitToWrite();
  void FailWrites(int error);
  // From the loop: reading and closing happen in the middle of other things.
  void NotifyLater();

  asio::ip::tcp::socket socket_;
  const Endpoint local_;
  const Endpoint peer_;
  const uint64_t cookie_;
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
  Signal changed_;
};

}  // namespace bpfrig::worker
