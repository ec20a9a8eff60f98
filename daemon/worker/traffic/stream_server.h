// StreamServer: a server of connections, whatever their family. It accepts whatever comes, and its behaviour
// is at work at each end from the first byte on.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/worker/traffic/behaviour.h"
#include "daemon/worker/traffic/server.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

using StreamAcceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

// The socket that a StreamServer listens with.
class ListeningSocket final : public Socket {
 public:
  ListeningSocket(StreamAcceptor acceptor, const Endpoint& local)
      : Socket(acceptor.native_handle(), local, Endpoint()), acceptor_(std::move(acceptor)) {}

  [[nodiscard]] bool IsClosed() const override { return !acceptor_.is_open(); }
  [[nodiscard]] StreamAcceptor& acceptor() { return acceptor_; }

 private:
  StreamAcceptor acceptor_;
};

class StreamServer final : public Server, public std::enable_shared_from_this<StreamServer> {
 public:
  // Listens at `at`, IPv6 addresses for IPv6 alone. `on_accept` runs for every connection once it can be
  // taken, until the server is closed.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<StreamServer>> Open(Loop& loop, const Endpoint& at,
                                                                          Behaviour behaviour,
                                                                          size_t receive_limit,
                                                                          std::function<void()> on_accept);
  // Use Open().
  StreamServer(std::shared_ptr<ListeningSocket> socket, Loop& loop, Behaviour behaviour, size_t receive_limit,
               std::function<void()> on_accept);

  [[nodiscard]] std::shared_ptr<Socket> socket() const override { return socket_; }
  [[nodiscard]] std::shared_ptr<DataSocket> TakeAccepted(const Condition& condition) override;
  void ForgetClosed() override;
  void Close() override;

 private:
  void WaitToAccept();
  void AcceptAll();
  void RetryLater(const error_code& cause);

  const std::shared_ptr<ListeningSocket> socket_;
  asio::steady_timer retry_;
  const Behaviour behaviour_;
  const size_t receive_limit_;
  const std::function<void()> on_accept_;
  std::vector<std::shared_ptr<StreamEnd>> accepted_;
};

}  // namespace bpfrig::worker
