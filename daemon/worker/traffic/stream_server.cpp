#include "daemon/worker/traffic/stream_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

constexpr int kBacklog = 4096;
// How long accept() rests when the process is out of descriptors.
constexpr auto kRetryAfter = std::chrono::milliseconds(50);

absl::Status Refused(const error_code& error, absl::string_view action, const Endpoint& at) {
  return base::KernelError(-error.value(), absl::StrCat(action, " ", ToText(at)));
}

absl::Status Prepare(StreamAcceptor& acceptor, const Endpoint& at) {
  error_code error;
  acceptor.open(at.ForStreams().protocol(), error);
  if (error) return Refused(error, "making a socket for", at);
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  // An IPv4 and an IPv6 server may have the same port.
  if (!error && at.family() == AF_INET6) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.non_blocking(true, error);
  // Or accept() would wait for the next connection if one was aborted.
  if (!error) acceptor.set_option(asio::socket_base::enable_connection_aborted(true), error);
  if (error) return Refused(error, "preparing a socket for", at);
  return absl::OkStatus();
}

absl::Status Bind(StreamAcceptor& acceptor, const Endpoint& at) {
  error_code error;
  acceptor.bind(at.ForStreams(), error);
  if (!error) return absl::OkStatus();
  const absl::Status refused = Refused(error, "binding", at);
  if (error == asio::error::access_denied) {
    return base::WithHint(refused,
                          "a bind program refused it, or the port is privileged in this network namespace");
  }
  if (error == std::errc::address_not_available) {
    return base::WithHint(refused, "give the sandbox this address: sandbox.addresses");
  }
  return refused;
}

// Returns where it listens, as the kernel tells.
absl::StatusOr<Endpoint> Listen(StreamAcceptor& acceptor, const Endpoint& at) {
  BPFRIG_RETURN_IF_ERROR(Prepare(acceptor, at));
  BPFRIG_RETURN_IF_ERROR(Bind(acceptor, at));
  error_code error;
  acceptor.listen(kBacklog, error);
  if (error) return Refused(error, "listening at", at);
  Endpoint listening(acceptor.local_endpoint(error));
  if (error) return Refused(error, "asking for the address of", at);
  return listening;
}

}  // namespace

absl::StatusOr<std::shared_ptr<StreamServer>> StreamServer::Open(Loop& loop, const Endpoint& at,
                                                                 Behaviour behaviour, size_t receive_limit,
                                                                 std::function<void()> on_accept) {
  StreamAcceptor acceptor(loop);
  BPFRIG_ASSIGN_OR_RETURN(const Endpoint listening, Listen(acceptor, at));
  auto server =
      std::make_shared<StreamServer>(std::make_shared<ListeningSocket>(std::move(acceptor), listening), loop,
                                     std::move(behaviour), receive_limit, std::move(on_accept));
  server->WaitToAccept();
  return server;
}

StreamServer::StreamServer(std::shared_ptr<ListeningSocket> socket, Loop& loop, Behaviour behaviour,
                           size_t receive_limit, std::function<void()> on_accept)
    : socket_(std::move(socket)),
      retry_(loop),
      behaviour_(std::move(behaviour)),
      receive_limit_(receive_limit),
      on_accept_(std::move(on_accept)) {}

std::shared_ptr<DataSocket> StreamServer::TakeAccepted(const Condition& condition) {
  const auto found =
      std::find_if(accepted_.begin(), accepted_.end(), [&](const auto& end) { return condition(*end); });
  if (found == accepted_.end()) return nullptr;
  std::shared_ptr<StreamEnd> taken = std::move(*found);
  accepted_.erase(found);
  return taken;
}

void StreamServer::ForgetClosed() {
  accepted_.erase(
      std::remove_if(accepted_.begin(), accepted_.end(), [](const auto& end) { return end->IsClosed(); }),
      accepted_.end());
}

void StreamServer::Close() {
  for (const std::shared_ptr<StreamEnd>& end : accepted_) end->Close(false);
  accepted_.clear();
  error_code error;
  socket_->acceptor().close(error);
  if (error) base::LogWarning(absl::StrCat("closing a server: ", error.message()));
  retry_.cancel();
}

void StreamServer::WaitToAccept() {
  socket_->acceptor().async_wait(StreamAcceptor::wait_read,
                                 [weak = weak_from_this()](const error_code& error) {
                                   const std::shared_ptr<StreamServer> self = weak.lock();
                                   if (!error && self != nullptr) self->AcceptAll();
                                 });
}

void StreamServer::AcceptAll() {
  while (!socket_->IsClosed()) {
    error_code error;
    asio::generic::stream_protocol::endpoint peer;
    StreamSocket socket = socket_->acceptor().accept(peer, error);
    if (error == asio::error::would_block) return WaitToAccept();
    // The peer reset it before it was accepted.
    if (error == asio::error::connection_aborted || error == asio::error::interrupted) continue;
    if (error) return RetryLater(error);
    const Endpoint local(socket.local_endpoint(error));
    if (error) {
      base::LogWarning(absl::StrCat("asking for an accepted connection's address: ", error.message()));
      continue;
    }
    accepted_.push_back(
        StreamEnd::Start(std::move(socket), local, Endpoint(peer), behaviour_, receive_limit_));
    on_accept_();
  }
}

void StreamServer::RetryLater(const error_code& cause) {
  base::LogWarning(absl::StrCat("accepting at ", ToText(socket_->local()), ": ", cause.message()));
  retry_.expires_after(kRetryAfter);
  retry_.async_wait([weak = weak_from_this()](const error_code& error) {
    const std::shared_ptr<StreamServer> self = weak.lock();
    if (!error && self != nullptr) self->AcceptAll();
  });
}

}  // namespace bpfrig::worker
