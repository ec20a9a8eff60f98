// Traffic: the sandbox's sockets, by their names: servers, connections with their two ends, and plain
// sockets. It finds the accepted end that belongs to a dialled one, and whatever socket a request refers to.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/behaviour.h"
#include "daemon/worker/traffic/datagram_journal.h"
#include "daemon/worker/traffic/datagram_socket.h"
#include "daemon/worker/traffic/open_socket.h"
#include "daemon/worker/traffic/server.h"
#include "daemon/worker/traffic/socket_facts.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

// An accepted end and the server that accepted it.
struct AcceptedEnd {
  std::string server;
  std::shared_ptr<StreamEnd> end;
};

// The same of a connection that is only passing: nobody reads it, and it has no name.
struct PassingEnd {
  std::string server;
  BareAccepted socket;
};

// A connection's two ends; `accepted` is null if no server was matched, and of datagrams. A plain socket
// stands in the place of the dialled end, and is alone.
struct Connection {
  std::shared_ptr<Socket> dialled;
  std::shared_ptr<Socket> accepted;
  bool is_plain = false;
};

// A socket that sends and receives: one of the two is there.
struct Carrier {
  std::shared_ptr<StreamEnd> stream;
  std::shared_ptr<DatagramSocket> datagrams;

  // Whichever it is; null if neither is there.
  [[nodiscard]] std::shared_ptr<Socket> socket() const {
    if (stream != nullptr) return stream;
    return datagrams;
  }
};

class Traffic {
 public:
  // `is_watched`: see SocketInspector.
  Traffic(Loop& loop, std::function<bool()> is_watched) : loop_(loop), inspector_(std::move(is_watched)) {}

  [[nodiscard]] const SocketInspector& inspector() const { return inspector_; }

  [[nodiscard]] size_t receive_limit() const { return receive_limit_; }
  void set_receive_limit(size_t bytes) { receive_limit_ = bytes; }

  // Starts a server; returns where it listens. One of IPv6 with `v6_only` takes no IPv4.
  [[nodiscard]] absl::StatusOr<Endpoint> Listen(const std::string& name, SocketSetup setup,
                                                Behaviour behaviour, bool v6_only = false);

  // A dial under way keeps accepted ends that have closed already from being forgotten.
  void BeginDial() { ++dials_under_way_; }
  void EndDial();
  // Takes the accepted end of this connection, if it has been accepted.
  [[nodiscard]] std::optional<AcceptedEnd> Claim(const Socket& dialled);
  // The same at once, for a connection that is about to be closed: accepts it without the loop. Nothing if no
  // server that listens where it was dialled has it yet; it can still be claimed then.
  [[nodiscard]] std::optional<PassingEnd> AcceptNow(const SocketFacts& dialled);
  // How many datagrams from that address each server of datagrams has had.
  [[nodiscard]] std::map<std::string, uint64_t> CountDatagrams(const Endpoint& source) const;
  // Notes a datagram that a call has sent.
  void NoteSent(Clock::time_point at, bpfrig::v1::SentDatagram sent) {
    journal_.NoteSent(at, std::move(sent));
  }
  // The last of them, with what servers had after each.
  void DescribeSent(google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram>& out) const;
  // The server of that kind at this address; empty if there is none.
  [[nodiscard]] std::string ServerAt(const Endpoint& peer, SocketKind kind) const;
  // Notified when a server has accepted, or has had datagrams.
  [[nodiscard]] Signal& accepted() { return accepted_; }

  // Takes a name for a connection or socket that is being made; then keeps the connection, or gives the name
  // back.
  [[nodiscard]] absl::Status ReserveName(const std::string& name);
  void ReleaseName(const std::string& name) { connections_.erase(name); }
  void Keep(const std::string& name, Connection connection) { connections_[name] = std::move(connection); }

  // Whatever socket is meant: an end of a connection, or a server's own. A connection goes before a server of
  // the same name. Errors name the connections and servers that exist.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Socket>> FindSocket(
      const bpfrig::v1::SocketReference& reference) const;
  // The descriptor of that socket, which is open: for a call on it at once.
  [[nodiscard]] absl::StatusOr<int> FindDescriptor(const bpfrig::v1::SocketReference& reference) const;
  // A socket to send from or to receive at: INVALID_FIELD for one that can do neither.
  [[nodiscard]] absl::StatusOr<Carrier> FindCarrier(const bpfrig::v1::SocketReference& reference) const;
  // An end of a connection, or a plain socket.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Socket>> FindEnd(
      const bpfrig::v1::SocketReference& reference) const;
  // A kept connection. Errors name those that exist, and say it if the name is a server's.
  [[nodiscard]] absl::StatusOr<Connection> FindConnection(const std::string& name) const;

  [[nodiscard]] size_t server_count() const { return servers_.size(); }
  [[nodiscard]] size_t connection_count() const { return connections_.size(); }
  // Closes the dialled ends, in the way that their peers see a close.
  void CloseDialled();
  // Closes everything that is left.
  void CloseAll();

 private:
  void OnAccept();
  void ForgetClosed();
  [[nodiscard]] std::optional<AcceptedEnd> TakeAccepted(const Server::Condition& condition);
  [[nodiscard]] bool HasConnection(const std::string& name) const;

  struct NamedServer {
    std::shared_ptr<Server> server;
    SocketKind kind;
    bool v6_only = false;
  };
  [[nodiscard]] static bool Covers(const NamedServer& named, const Endpoint& peer);

  Loop& loop_;  // outlives this
  size_t receive_limit_ = 1024 * 1024;
  SocketInspector inspector_;
  std::map<std::string, NamedServer> servers_;
  // Reserved names have null ends.
  std::map<std::string, Connection> connections_;
  size_t dials_under_way_ = 0;
  DatagramJournal journal_;
  Signal accepted_;
};

}  // namespace bpfrig::worker
