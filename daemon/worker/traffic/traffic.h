// Traffic: the sandbox's TCP servers and connections. It finds the accepted end that belongs to a dialled
// one, and keeps both under the name that Connect was given.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/traffic/endpoint.h"
#include "daemon/worker/call/signal.h"
#include "daemon/worker/traffic/tcp_end.h"
#include "daemon/worker/traffic/tcp_server.h"

namespace bpfrig::worker {

// An accepted end and the server that accepted it.
struct AcceptedEnd {
  std::string server;
  std::shared_ptr<TcpEnd> end;
};

// A connection's two ends; `accepted` is null where no server was matched.
struct Connection {
  std::shared_ptr<TcpEnd> dialled;
  std::shared_ptr<TcpEnd> accepted;
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
  // Takes the accepted end of this connection, where it has been accepted.
  [[nodiscard]] std::optional<AcceptedEnd> Claim(const TcpEnd& dialled);
  // Notified when a server has accepted.
  [[nodiscard]] Signal& accepted() { return accepted_; }

  // Takes a name for a connection that is being made; then keeps the connection, or gives the name back.
  [[nodiscard]] absl::Status ReserveName(const std::string& name);
  void ReleaseName(const std::string& name) { connections_.erase(name); }
  void Keep(const std::string& name, Connection connection) { connections_[name] = std::move(connection); }

  // A kept connection; errors name those that exist.
  [[nodiscard]] absl::StatusOr<Connection> FindConnection(const std::string& name) const;
  [[nodiscard]] absl::StatusOr<std::shared_ptr<TcpEnd>> FindEnd(
      const bpfrig::v1::SocketReference& reference) const;

  [[nodiscard]] size_t server_count() const { return servers_.size(); }
  [[nodiscard]] size_t connection_count() const { return connections_.size(); }
  // Closes the dialled ends, in the way that their peers see a close.
  void CloseDialled();
  // Closes everything that is left.
  void CloseAll();

 private:
  void OnAccept(const std::string& server, std::shared_ptr<TcpEnd> end);
  [[nodiscard]] bool AnyServerCovers(const Endpoint& peer) const;
  void ForgetClosed();

  Loop& loop_;  // outlives this
  size_t receive_limit_ = 1024 * 1024;
  std::map<std::string, std::shared_ptr<TcpServer>> servers_;
  // Reserved names have null ends.
  std::map<std::string, Connection> connections_;
  // Accepted ends that no dial has claimed.
  std::vector<AcceptedEnd> unclaimed_;
  size_t dials_under_way_ = 0;
  Signal accepted_;
};

}  // namespace bpfrig::worker
