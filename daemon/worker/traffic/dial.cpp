#include "daemon/worker/traffic/dial.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::ConnectRequest;

// A socket on its way to being connected.
struct Dialling {
  explicit Dialling(Loop& loop) : watched(loop) {}
  // Owns the descriptor. Asio's own connect would ask for SO_ERROR, which a getsockopt program sees.
  asio::posix::stream_descriptor watched;
  Signal changed;
  bool finished = false;
  int error = 0;
};

bool IsMapped(const Endpoint& endpoint) {
  return endpoint.address().is_v6() && endpoint.address().to_v6().is_v4_mapped();
}

absl::StatusOr<Endpoint> ParseFrom(const bpfrig::v1::SocketAddress& from, const Endpoint& to) {
  if (from.address().empty() && from.abstract().empty() && to.family() != AF_UNIX) {
    bpfrig::v1::SocketAddress any = from;
    any.set_address(to.family() == AF_INET ? "0.0.0.0" : "::");
    return ParseEndpoint(any);
  }
  BPFRIG_ASSIGN_OR_RETURN(const Endpoint parsed, ParseEndpoint(from));
  if (parsed.family() == to.family()) return parsed;
  if (parsed.family() == AF_INET && IsMapped(to)) {
    return Endpoint(asio::ip::make_address_v6(asio::ip::v4_mapped, parsed.address().to_v4()), parsed.port());
  }
  return base::WithField(MakeError(Reason::kInvalidField,
                                   "reading where to dial from: the address is of another "
                                   "family than the one to dial to"),
                         "address");
}

// The first call begins to connect; the next one, once the socket is writable, tells what came of it.
int Connect(int descriptor, const Endpoint& to) {
  if (TEMP_FAILURE_RETRY(::connect(descriptor, to.data(), to.size())) == 0 || errno == EISCONN) return 0;
  return errno;
}

DialResult Finish(Dialling& dialling, WaitResult wait) {
  DialResult result;
  result.cancelled = wait == WaitResult::kCancelled;
  result.error = wait == WaitResult::kMet ? dialling.error : ETIMEDOUT;
  if (!dialling.watched.is_open()) return result;
  common::Fd descriptor(dialling.watched.release());
  if (wait == WaitResult::kMet && dialling.error == 0) result.descriptor = std::move(descriptor);
  return result;
}

void AwaitConnected(const std::shared_ptr<Dialling>& dialling, const Endpoint& to) {
  dialling->watched.async_wait(asio::posix::stream_descriptor::wait_write,
                               [dialling, to](const error_code& error) {
                                 if (error) return;
                                 dialling->error = Connect(dialling->watched.native_handle(), to);
                                 // Not yet, after all.
                                 if (dialling->error == EALREADY || dialling->error == EINPROGRESS)
                                   return AwaitConnected(dialling, to);
                                 dialling->finished = true;
                                 dialling->changed.Notify();
                               });
}

// Begins; it may be over at once.
void Begin(const std::shared_ptr<Dialling>& dialling, const DialPlan& plan,
           const SocketInspector& inspector) {
  SocketSetup setup = plan.setup;
  if (setup.bind.port() != 0) inspector.ReuseAddress(setup);
  OpenedSocket opened = OpenSocket(setup);
  dialling->finished = true;
  dialling->error = opened.error;
  if (!opened.descriptor.IsOpen()) return;
  const int descriptor = opened.descriptor.Get();
  inspector.SendAtOnce(descriptor, setup.kind);
  error_code error;
  dialling->watched.assign(opened.descriptor.Release(), error);
  dialling->error = error ? error.value() : Connect(descriptor, plan.to);
  if (dialling->error != EINPROGRESS) return;
  dialling->finished = false;
  AwaitConnected(dialling, plan.to);
}

}  // namespace

absl::StatusOr<DialPlan> ParseDialPlan(const ConnectRequest& request) {
  DialPlan plan;
  absl::StatusOr<Endpoint> to = ParseEndpoint(request.to());
  if (!to.ok()) return base::WithField(to.status(), "to");
  plan.to = *to;
  plan.setup.kind = KindOf(request.transport(), plan.to.family());
  if (request.has_from()) {
    absl::StatusOr<Endpoint> from = ParseFrom(request.from(), plan.to);
    if (!from.ok()) return base::WithField(from.status(), "from");
    plan.setup.bind = *from;
  }
  return plan;
}

void Dial(Loop& loop, const CallPtr& call, const DialPlan& plan, const SocketInspector& inspector,
          Clock::time_point deadline, std::function<void(DialResult)> done) {
  auto dialling = std::make_shared<Dialling>(loop);
  Begin(dialling, plan, inspector);
  AwaitSignal(
      loop, dialling->changed, call, deadline, [dialling] { return dialling->finished; },
      [dialling, done = std::move(done)](WaitResult wait) { done(Finish(*dialling, wait)); });
}

std::shared_ptr<StreamEnd> StartDialled(Loop& loop, common::Fd descriptor, SocketKind kind,
                                        const SocketFacts& facts, size_t receive_limit) {
  StreamSocket socket(loop);
  error_code error;
  socket.assign(asio::generic::stream_protocol(kind.family, 0), descriptor.Release(), error);
  if (error) base::LogError(absl::StrCat("watching a socket: ", error.message()));
  return StreamEnd::Start(std::move(socket), facts, Behaviour(), receive_limit);
}

}  // namespace bpfrig::worker
