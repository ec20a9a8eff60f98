#include "daemon/worker/traffic/tcp_server.h"

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

}  // namespace

TcpServer::TcpServer(Loop& loop, Behaviour behaviour, size_t receive_limit, OnAccept on_accept)
    : acceptor_(loop),
      retry_(loop),
      behaviour_(std::move(behaviour)),
      receive_limit_(receive_limit),
      on_accept_(std::move(on_accept)) {}

absl::StatusOr<std::shared_ptr<TcpServer>> TcpServer::Open(Loop& loop, const Endpoint& at,
                                                           Behaviour behaviour, size_t receive_limit,
                                                           OnAccept on_accept) {
  auto server = std::make_shared<TcpServer>(loop, std::move(behaviour), receive_limit, std::move(on_accept));
  BPFRIG_RETURN_IF_ERROR(server->Listen(at));
  server->WaitToAccept();
  return server;
}

absl::Status TcpServer::Listen(const Endpoint& at) {
  error_code error;
  acceptor_.open(at.protocol(), error);
  if (error) return Refused(error, "making a socket for", at);
  acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  // An IPv4 and an IPv6 server may have the same port.
  if (!error && at.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor_.non_blocking(true, error);
  // Or accept() would wait for the next connection where one was aborted.
  if (!error) acceptor_.set_option(asio::socket_base::enable_connection_aborted(true), error);
  if (error) return Refused(error, "preparing a socket for", at);
  acceptor_.bind(at, error);
  if (error == asio::error::access_denied) {
    return base::WithHint(Refused(error, "binding", at),
                          "a bind program refused it, or the port is privileged in this network namespace");
  }
  if (error == std::errc::address_not_available) {
    return base::WithHint(Refused(error, "binding", at), "give the sandbox this address: sandbox.addresses");
  }
  if (error) return Refused(error, "binding", at);
  acceptor_.listen(kBacklog, error);
  if (error) return Refused(error, "listening at", at);
  at_ = acceptor_.local_endpoint(error);
  if (error) return Refused(error, "asking for the address of", at);
  return absl::OkStatus();
}

bool TcpServer::Covers(const Endpoint& peer) const {
  const Endpoint normalised = Normalised(peer);
  if (at_.port() != normalised.port()) return false;
  if (at_.address().is_unspecified()) return at_.address().is_v4() == normalised.address().is_v4();
  return at_.address() == normalised.address();
}

void TcpServer::WaitToAccept() {
  acceptor_.async_wait(asio::ip::tcp::acceptor::wait_read,
                       [weak = weak_from_this()](const error_code& error) {
                         const std::shared_ptr<TcpServer> self = weak.lock();
                         if (!error && self != nullptr) self->AcceptAll();
                       });
}

void TcpServer::AcceptAll() {
  while (true) {
    error_code error;
    Endpoint peer;
    asio::ip::tcp::socket socket = acceptor_.accept(peer, error);
    if (error == asio::error::would_block) return WaitToAccept();
    // The peer reset it before it was accepted.
    if (error == asio::error::connection_aborted || error == asio::error::interrupted) continue;
    if (error) return RetryLater(error);
    const Endpoint local = socket.local_endpoint(error);
    if (error) {
      base::LogWarning(absl::StrCat("asking for an accepted connection's address: ", error.message()));
      continue;
    }
    auto end = std::make_shared<TcpEnd>(std::move(socket), local, peer, behaviour_, receive_limit_);
    end->Start();
    on_accept_(std::move(end));
  }
}

void TcpServer::RetryLater(const error_code& cause) {
  base::LogWarning(absl::StrCat("accepting at ", ToText(at_), ": ", cause.message()));
  retry_.expires_after(kRetryAfter);
  retry_.async_wait([weak = weak_from_this()](const error_code& error) {
    const std::shared_ptr<TcpServer> self = weak.lock();
    if (!error && self != nullptr) self->AcceptAll();
  });
}

}  // namespace bpfrig::worker
