// StreamServer: a server of connections, whatever their family. It accepts whatever comes, and its behaviour
// is at work at each end from the first byte on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/worker/traffic/behaviour.h"
#include "daemon/worker/traffic/open_socket.h"
#include "daemon/worker/traffic/server.h"
#include "daemon/worker/traffic/socket_facts.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

using StreamAcceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

// The socket that a StreamServer listens with.
class ListeningSocket final : public Socket {
 public:
  ListeningSocket(StreamAcceptor acceptor, const SocketFacts& facts)
      : Socket(acceptor.native_handle(), facts), acceptor_(std::move(acceptor)) {}

  [[nodiscard]] bool IsClosed() const override { return !acceptor_.is_open(); }
  void Close(bool reset) override;
  [[nodiscard]] StreamAcceptor& acceptor() { return acceptor_; }

 private:
  StreamAcceptor acceptor_;
};

// What the ends of a server have in common.
struct EndSettings {
  Behaviour behaviour;
  size_t receive_limit = 0;
};

class StreamServer final : public Server, public std::enable_shared_from_this<StreamServer> {
 public:
  // Takes over a socket that was made by `setup`, and listens. `on_accept` runs for every connection once it
  // can be taken, until the server is closed. KERNEL_REFUSED.
  [[nodiscard]] static absl::StatusOr<std::shared_ptr<StreamServer>> Start(Loop& loop, common::Fd bound,
                                                                           const SocketSetup& setup,
                                                                           const SocketInspector& inspector,
                                                                           EndSettings ends,
                                                                           std::function<void()> on_accept);
  // Use Start().
  StreamServer(std::shared_ptr<ListeningSocket> socket, Loop& loop, SocketKind kind,
               const SocketInspector& inspector, EndSettings ends, std::function<void()> on_accept);

  [[nodiscard]] std::shared_ptr<Socket> socket() const override { return socket_; }
  [[nodiscard]] std::shared_ptr<StreamEnd> TakeAccepted(const Condition& condition) override;
  [[nodiscard]] std::optional<BareAccepted> AcceptNow(const Endpoint& local, const Endpoint& peer) override;
  void ForgetClosed() override;
  [[nodiscard]] uint64_t CountFrom(const Endpoint& /*source*/) const override { return 0; }
  [[nodiscard]] std::vector<DatagramArrival> Arrivals() const override { return {}; }
  void Close() override;

 private:
  void WaitToAccept();
  void AcceptAll();
  // Lets the accepted socket behave, and keeps it until somebody takes it.
  void Keep(StreamSocket socket, const SocketFacts& facts);
  void RetryLater(const error_code& cause);

  const std::shared_ptr<ListeningSocket> socket_;
  asio::steady_timer retry_;
  const SocketKind kind_;
  const SocketInspector& inspector_;  // outlives this
  const EndSettings ends_;
  const std::function<void()> on_accept_;
  std::vector<std::shared_ptr<StreamEnd>> accepted_;
};

}  // namespace bpfrig::worker
