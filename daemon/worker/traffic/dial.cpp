#include "daemon/worker/traffic/dial.h"

#include <cerrno>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::ConnectRequest;

// A socket on its way to being connected.
struct Dialling {
  explicit Dialling(Loop& loop) : socket(loop) {}
  StreamSocket socket;
  Signal changed;
  bool finished = false;
  error_code error;
};

bool IsMapped(const Endpoint& endpoint) {
  return endpoint.address().is_v6() && endpoint.address().to_v6().is_v4_mapped();
}

absl::StatusOr<Endpoint> ParseFrom(const bpfrig::v1::SocketAddress& from, const Endpoint& to) {
  if (from.address().empty()) {
    bpfrig::v1::SocketAddress any = from;
    any.set_address(to.address().is_v4() ? "0.0.0.0" : "::");
    return ParseEndpoint(any);
  }
  BPFRIG_ASSIGN_OR_RETURN(const Endpoint parsed, ParseEndpoint(from));
  if (parsed.address().is_v4() == to.address().is_v4()) return parsed;
  if (parsed.address().is_v4() && IsMapped(to)) {
    return Endpoint(asio::ip::make_address_v6(asio::ip::v4_mapped, parsed.address().to_v4()), parsed.port());
  }
  return base::WithField(MakeError(Reason::kInvalidField,
                                   "reading where to dial from: the address is of another "
                                   "family than the one to dial to"),
                         "address");
}

// Everything up to connect(), which alone may take time.
error_code Prepare(const DialPlan& plan, StreamSocket& socket) {
  error_code error;
  socket.open(plan.to.ForStreams().protocol(), error);
  if (error || !plan.from.has_value()) return error;
  // A port that the caller chose may be in TIME_WAIT from the last time.
  if (plan.from->port() != 0) socket.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) socket.bind(plan.from->ForStreams(), error);
  return error;
}

DialResult Finish(Dialling& dialling, WaitResult wait, size_t receive_limit) {
  DialResult result;
  error_code error = dialling.error;
  Endpoint local;
  Endpoint peer;
  if (wait == WaitResult::kMet && !error) local = Endpoint(dialling.socket.local_endpoint(error));
  if (wait == WaitResult::kMet && !error) peer = Endpoint(dialling.socket.remote_endpoint(error));
  // It was connected, and reset before we could ask.
  if (error == asio::error::not_connected) error = asio::error::connection_reset;
  if (wait == WaitResult::kMet && !error) {
    result.end = StreamEnd::Start(std::move(dialling.socket), local, peer, Behaviour(), receive_limit);
    return result;
  }
  result.cancelled = wait == WaitResult::kCancelled;
  result.error = wait == WaitResult::kMet ? error.value() : ETIMEDOUT;
  dialling.socket.close(error);
  return result;
}

}  // namespace

absl::StatusOr<DialPlan> ParseDialPlan(const ConnectRequest& request) {
  DialPlan plan;
  absl::StatusOr<Endpoint> to = ParseEndpoint(request.to());
  if (!to.ok()) return base::WithField(to.status(), "to");
  plan.to = *to;
  if (request.has_from()) {
    absl::StatusOr<Endpoint> from = ParseFrom(request.from(), plan.to);
    if (!from.ok()) return base::WithField(from.status(), "from");
    plan.from = *from;
  }
  return plan;
}

void Dial(Loop& loop, const CallPtr& call, const DialPlan& plan, size_t receive_limit,
          Clock::time_point deadline, std::function<void(DialResult)> done) {
  auto dialling = std::make_shared<Dialling>(loop);
  dialling->error = Prepare(plan, dialling->socket);
  if (dialling->error) {
    dialling->finished = true;
  } else {
    dialling->socket.async_connect(plan.to.ForStreams(), [dialling](const error_code& error) {
      dialling->error = error;
      dialling->finished = true;
      dialling->changed.Notify();
    });
  }
  AwaitSignal(
      loop, dialling->changed, call, deadline, [dialling] { return dialling->finished; },
      [dialling, receive_limit, done = std::move(done)](WaitResult wait) {
        done(Finish(*dialling, wait, receive_limit));
      });
}

}  // namespace bpfrig::worker
