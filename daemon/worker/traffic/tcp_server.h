// TcpServer: one listening socket. It accepts whatever comes, and hands each end over with the server's
// behaviour already at work.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/traffic/endpoint.h"
#include "daemon/worker/traffic/tcp_end.h"

namespace bpfrig::worker {

class TcpServer : public std::enable_shared_from_this<TcpServer> {
 public:
  using OnAccept = std::function<void(std::shared_ptr<TcpEnd>)>;

  // Listens at `at`, IPv6 addresses for IPv6 alone. `on_accept` runs for every connection, until the server
  // goes.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<TcpServer>> Open(Loop& loop, const Endpoint& at,
                                                                       Behaviour behaviour,
                                                                       size_t receive_limit,
                                                                       OnAccept on_accept);
  // Use Open().
  TcpServer(Loop& loop, Behaviour behaviour, size_t receive_limit, OnAccept on_accept);
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  // Where it listens, as the kernel tells.
  [[nodiscard]] const Endpoint& at() const { return at_; }
  // Whether a connection to `peer` can have ended here: the same port, and the same or any address.
  [[nodiscard]] bool Covers(const Endpoint& peer) const;

 private:
  absl::Status Listen(const Endpoint& at);
  void WaitToAccept();
  void AcceptAll();
  void RetryLater(const error_code& cause);

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  Endpoint at_;
  const Behaviour behaviour_;
  const size_t receive_limit_;
  const OnAccept on_accept_;
};

}  // namespace bpfrig::worker
