// Connections: every client's connection by the name that gRPC calls it in a call's context, and who is at
// its other end. It ends those on which nobody makes a call, gRPC's handshakes or not, and counts the others
// for their callers. The acceptors tell it of connections, the calls of callers; it finds out by itself when
// a connection is over.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"
#include "daemon/front/callers/arriving_bytes.h"
#include "daemon/front/sandboxes/event.h"
#include "daemon/front/sandboxes/shares.h"

namespace bpfrig::front {

// Through which a client came: each has room of its own for clients that have not made a call.
enum class Door { kUnix, kTcp };

struct NewConnection {
  Door door = Door::kUnix;
  // As gRPC says it: "fd:17", "ipv4:127.0.0.1:40000".
  std::string peer;
  // Who it is, if that is known already.
  std::string caller;
  // For the log.
  std::string from;
};

struct ConnectionRules {
  // How many of each door may be without a call that was let in.
  size_t max_silent = 256;
  absl::Duration patience = absl::Seconds(10);
  // How many calls of each connection gRPC may hold that were not answered: those that a client resets stay
  // for a while, and their number is bound by nothing else.
  size_t max_held_calls = 1024;
  // The same over TCP before the first call that was let in.
  size_t max_unauthorised_calls = 128;
  // How many bytes of each connection may be on their way to be a message.
  uint64_t max_arriving_bytes = uint64_t{128} << 20;
};

class Connections {
 public:
  // `shares` outlives it.
  static absl::StatusOr<std::unique_ptr<Connections>> Start(const ConnectionRules& rules, Shares& shares);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Watches a connection from now on. If there are too many that nobody has called on, the oldest of them
  // ends.
  [[nodiscard]] absl::Status Add(int socket, const NewConnection& connection);
  // A call that was let in, on the connection of that name, by `caller`, which is only for connections that
  // came without one. Returns who it is. LIMIT_REACHED if the caller has too many connections: this one ends
  // like those without a call.
  [[nodiscard]] absl::StatusOr<std::string> Called(const std::string& peer, const std::string& caller);
  // gRPC holds one more call on the connection of that name, or, with what that returned, one less: the
  // client has given it up, or has its answer.
  [[nodiscard]] uint64_t BeginCall(const std::string& peer);
  void EndCall(uint64_t connection, bool given_up);
  // A message of a call on the connection of that name has arrived.
  void Arrived(const std::string& peer, uint64_t bytes);

 private:
  struct Connection {
    common::Fd socket;  // ours beside gRPC's
    ArrivingBytes arriving;
    NewConnection facts;
    size_t held_calls = 0;
    absl::Time silent_until = absl::InfiniteFuture();  // InfiniteFuture once a call was let in
    absl::Time unread_until = absl::InfiniteFuture();  // InfiniteFuture while it is read
    Share share;
  };
  using Table = std::map<uint64_t, Connection>;

  Connections(const ConnectionRules& rules, Shares& shares, common::Fd epoll, Event wake);

  void Run();
  // When the thread has something to do that no connection tells it.
  [[nodiscard]] absl::Time NextDeadline() const;
  // Gives back to the kernel what was needed for connections that have ended: malloc would keep it for the
  // next.
  void TrimLocked(absl::Time now);
  void EndSilent(absl::Time now);
  // Ends connections that are read no further, if gRPC does not.
  void EndUnread(absl::Time now);
  void EndOldestLocked(Door door);
  // Of one that the kernel says is over, or that sent too much.
  void EndLocked(Table::iterator connection);
  void CutLocked(Table::iterator connection, const std::string& why);
  // Ends the connection for gRPC and its client, which hear of it from the kernel.
  void ShutLocked(Table::iterator connection);
  // `socket` is ours of it.
  void ForgetLocked(Table::iterator connection, int socket);
  std::list<uint64_t>& SilentOf(Door door) { return door == Door::kUnix ? silent_unix_ : silent_tcp_; }

  const ConnectionRules rules_;
  Shares& shares_;
  const common::Fd epoll_;
  Event wake_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  absl::Time look_at_ = absl::InfiniteFuture();  // when it is next looked whether any is read no further
  absl::Time trim_at_ = absl::InfiniteFuture();  // some time after connections have ended
  uint64_t next_ = 1;                            // 0 is the wake event's
  Table table_;
  std::map<std::string, uint64_t> by_peer_;
  // Oldest first.
  std::list<uint64_t> silent_unix_;
  std::list<uint64_t> silent_tcp_;
  std::thread thread_;
};

}  // namespace bpfrig::front
