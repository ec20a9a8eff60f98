// DatagramSocket: sends and receives datagrams, whatever their family. One that serves reads all the time,
// and keeps what came, up to a limit; any other reads only when somebody takes a datagram, so that a recvmsg
// program runs in the step that asked for it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/fd.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/behaviour.h"
#include "daemon/worker/traffic/datagram_journal.h"
#include "daemon/worker/traffic/socket.h"

namespace bpfrig::worker {

// Room that every datagram fits in.
inline constexpr size_t kMaxDatagramBytes = 65536;

struct Datagram {
  std::string data;
  // As recvmsg() told it.
  Endpoint from;
  // Whether there was more of it than room.
  bool truncated = false;
};

class DatagramSocket final : public Socket, public std::enable_shared_from_this<DatagramSocket> {
 public:
  // Takes over a socket that does not block. With a behaviour other than kNone it serves at once.
  [[nodiscard]] static std::shared_ptr<DatagramSocket> Start(Loop& loop, common::Fd descriptor,
                                                             const SocketFacts& facts, Behaviour behaviour,
                                                             size_t receive_limit);
  // Use Start().
  DatagramSocket(Loop& loop, common::Fd descriptor, const SocketFacts& facts, Behaviour behaviour,
                 size_t receive_limit);

  [[nodiscard]] bool IsClosed() const override { return !stream_.is_open(); }
  void Close(bool reset) override;
  [[nodiscard]] uint64_t total_sent() const override { return total_sent_; }
  [[nodiscard]] uint64_t total_received() const override { return total_received_; }

  // Notified when a datagram is there, and when the socket is closed. Of one that does not serve only after
  // NotifyWhenReadable(), once: a datagram that nobody takes would otherwise keep the loop busy.
  [[nodiscard]] Signal& changed() { return changed_; }
  void NotifyWhenReadable();
  // Whether Take() would find a datagram or an error, as one from ICMP.
  [[nodiscard]] bool IsReadable() const;

  // Sends one datagram; nowhere means where the socket is connected. Returns the errno, or 0.
  [[nodiscard]] int Send(const std::string& data, const Endpoint& to);
  struct Taken {
    std::optional<Datagram> datagram;
    // The errno if there is none; EAGAIN if nothing came.
    int error = 0;
  };
  // The oldest datagram, cut to `room` bytes, at most kMaxDatagramBytes.
  [[nodiscard]] Taken Take(size_t room);
  // How many datagrams a server had from that address.
  [[nodiscard]] uint64_t CountFrom(const Endpoint& source) const;
  // The last ones that a server had, oldest first.
  [[nodiscard]] const std::deque<DatagramArrival>& arrivals() const { return arrivals_; }

 private:
  [[nodiscard]] bool Serves() const { return behaviour_.kind != Behaviour::Kind::kNone; }
  void ServeAvailable();
  // Does what the server says.
  void Answer(const Datagram& datagram);
  void Keep(Datagram datagram);
  [[nodiscard]] Taken ReadOne(size_t room);

  // Only for its readiness: Asio would ask the kernel more than is wanted of a socket of its own.
  asio::posix::stream_descriptor stream_;
  const Behaviour behaviour_;
  const size_t receive_limit_;
  Signal changed_;
  // Whether the loop has been asked to tell.
  bool waiting_to_read_ = false;
  std::deque<Datagram> kept_;
  size_t kept_bytes_ = 0;
  std::map<std::string, uint64_t> counts_;  // by the source's text
  std::deque<DatagramArrival> arrivals_;
  uint64_t total_sent_ = 0;
  uint64_t total_received_ = 0;
};

}  // namespace bpfrig::worker
