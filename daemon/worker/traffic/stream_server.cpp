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

}  // namespace

void ListeningSocket::Close(bool /*reset*/) {
  error_code error;
  acceptor_.close(error);
  if (error) base::LogWarning(absl::StrCat("closing a server: ", error.message()));
}

absl::StatusOr<std::shared_ptr<StreamServer>> StreamServer::Start(Loop& loop, common::Fd bound,
                                                                  const SocketSetup& setup,
                                                                  const SocketInspector& inspector,
                                                                  EndSettings ends,
                                                                  std::function<void()> on_accept) {
  const int descriptor = bound.Get();
  const SocketKind kind = setup.kind;
  if (::listen(descriptor, kBacklog) != 0) {
    return base::ErrnoError(absl::StrCat("listening at ", ToText(setup.bind)));
  }
  StreamAcceptor acceptor(loop);
  error_code error;
  acceptor.assign(asio::generic::stream_protocol(kind.family, 0), bound.Release(), error);
  if (error) return base::KernelError(-error.value(), "watching a socket");
  acceptor.non_blocking(true, error);
  // Or accept() would wait for the next connection if one was aborted.
  if (!error) acceptor.set_option(asio::socket_base::enable_connection_aborted(true), error);
  if (error) return base::KernelError(-error.value(), "preparing a socket");
  const SocketFacts facts = inspector.Inspect(descriptor, kind);
  auto server = std::make_shared<StreamServer>(std::make_shared<ListeningSocket>(std::move(acceptor), facts),
                                               loop, kind, inspector, std::move(ends), std::move(on_accept));
  server->WaitToAccept();
  return server;
}

StreamServer::StreamServer(std::shared_ptr<ListeningSocket> socket, Loop& loop, SocketKind kind,
                           const SocketInspector& inspector, EndSettings ends,
                           std::function<void()> on_accept)
    : socket_(std::move(socket)),
      retry_(loop),
      kind_(kind),
      inspector_(inspector),
      ends_(std::move(ends)),
      on_accept_(std::move(on_accept)) {}

std::shared_ptr<StreamEnd> StreamServer::TakeAccepted(const Condition& condition) {
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
  socket_->Close(false);
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
    // Without the peer's address: telling it would run a getpeername program.
    StreamSocket socket = socket_->acceptor().accept(error);
    if (error == asio::error::would_block) return WaitToAccept();
    // The peer reset it before it was accepted.
    if (error == asio::error::connection_aborted || error == asio::error::interrupted) continue;
    if (error) return RetryLater(error);
    const SocketFacts facts = inspector_.Inspect(socket.native_handle(), kind_);
    Keep(std::move(socket), facts);
    on_accept_();
  }
}

void StreamServer::Keep(StreamSocket socket, const SocketFacts& facts) {
  inspector_.SendAtOnce(socket.native_handle(), kind_);
  accepted_.push_back(StreamEnd::Start(std::move(socket), facts, ends_.behaviour, ends_.receive_limit));
}

std::optional<BareAccepted> StreamServer::AcceptNow(const Endpoint& local, const Endpoint& peer) {
  while (!socket_->IsClosed()) {
    common::Fd descriptor(::accept4(socket_->descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    // If something failed, the loop comes to it.
    if (!descriptor.IsOpen()) return std::nullopt;
    const SocketFacts facts = inspector_.Inspect(descriptor.Get(), kind_);
    if (Normalised(facts.peer) == local && Normalised(facts.local) == peer) {
      return BareAccepted{std::move(descriptor), facts.cookie,
                          ends_.behaviour.kind == Behaviour::Kind::kClose};
    }
    StreamSocket socket(retry_.get_executor());
    error_code error;
    socket.assign(asio::generic::stream_protocol(kind_.family, 0), descriptor.Release(), error);
    if (error) {
      base::LogError(absl::StrCat("watching a socket: ", error.message()));
      continue;
    }
    Keep(std::move(socket), facts);
    // Whoever waits for it goes on in the middle of nothing else.
    asio::post(retry_.get_executor(), [self = shared_from_this()] {
      if (!self->socket_->IsClosed()) self->on_accept_();
    });
  }
  return std::nullopt;
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
