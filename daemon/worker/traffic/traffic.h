// Traffic: the sandbox's sockets, by their names: servers, and connections with their two ends. It finds the
// accepted end that belongs to a dialled one, and whatever socket a request refers to.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/behaviour.h"
#include "daemon/worker/traffic/data_socket.h"
#include "daemon/worker/traffic/server.h"

namespace bpfrig::worker {

// An accepted end and the server that accepted it.
struct AcceptedEnd {
  std::string server;
  std::shared_ptr<DataSocket> end;
};

// A connection's two ends; `accepted` is null if no server was matched.
struct Connection {
  std::shared_ptr<DataSocket> dialled;
  std::shared_ptr<DataSocket> accepted;
};

class Traffic {
 public:
  explicit Traffic(Loop& loop) : loop_(loop) {}

  [[nodiscard]] size_t receive_limit() const { return receive_limit_; }
  void set_receive_limit(size_t bytes) { receive_limit_ = bytes; }

  // Starts a server; returns where it listens.
  [[nodiscard]] absl::StatusOr<Endpoint> Listen(const std::string& name, const Endpoint& at,
                                                Behaviour behaviour);

  // A dial under way keeps accepted ends that have closed already from being forgotten.
  void BeginDial() { ++dials_under_way_; }
  void EndDial();
  // Takes the accepted end of this connection, if it has been accepted.
  [[nodiscard]] std::optional<AcceptedEnd> Claim(const Socket& dialled);
  // Notified when a server has accepted.
  [[nodiscard]] Signal& accepted() { return accepted_; }

  // Takes a name for a connection that is being made; then keeps the connection, or gives the name back.
  [[nodiscard]] absl::Status ReserveName(const std::string& name);
  void ReleaseName(const std::string& name) { connections_.erase(name); }
  void Keep(const std::string& name, Connection connection) { connections_[name] = std::move(connection); }

  // Whatever socket is meant: an end of a connection, or a server's own. A connection goes before a server of
  // the same name. Errors name the connections and servers that exist.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<Socket>> FindSocket(
      const bpfrig::v1::SocketReference& reference) const;
  // The descriptor of that socket, which is open: for a call on it at once.
  [[nodiscard]] absl::StatusOr<int> FindDescriptor(const bpfrig::v1::SocketReference& reference) const;
  // A socket to send from or to receive at: an end of a connection.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<DataSocket>> FindEnd(
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

  Loop& loop_;  // outlives this
  size_t receive_limit_ = 1024 * 1024;
  std::map<std::string, std::shared_ptr<Server>> servers_;
  // Reserved names have null ends.
  std::map<std::string, Connection> connections_;
  size_t dials_under_way_ = 0;
  Signal accepted_;
};

}  // namespace bpfrig::worker
