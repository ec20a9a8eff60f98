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
  // Own the descriptor: the first from when the loop has to tell of it. Asio's own connect would ask for
  // SO_ERROR, which a getsockopt program sees.
  asio::posix::stream_descriptor watched;
  BegunDial begun;
  Signal changed;
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

bool IsUnderWay(int error) { return error == EALREADY || error == EINPROGRESS; }

DialResult Finish(Dialling& dialling, WaitResult wait) {
  DialResult result;
  result.cancelled = wait == WaitResult::kCancelled;
  result.error = wait == WaitResult::kMet ? dialling.begun.error : ETIMEDOUT;
  common::Fd descriptor = std::move(dialling.begun.descriptor);
  if (dialling.watched.is_open()) descriptor = common::Fd(dialling.watched.release());
  if (wait == WaitResult::kMet && result.error == 0) result.descriptor = std::move(descriptor);
  return result;
}

void AwaitConnected(const std::shared_ptr<Dialling>& dialling, const Endpoint& to) {
  dialling->watched.async_wait(asio::posix::stream_descriptor::wait_write,
                               [dialling, to](const error_code& error) {
                                 if (error) return;
                                 const int connected = Connect(dialling->watched.native_handle(), to);
                                 // Not yet, after all.
                                 if (IsUnderWay(connected)) return AwaitConnected(dialling, to);
                                 dialling->begun.error = connected;
                                 dialling->changed.Notify();
                               });
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

BegunDial DialNow(const DialPlan& plan, const SocketInspector& inspector) {
  SocketSetup setup = plan.setup;
  if (setup.bind.port() != 0) inspector.ReuseAddress(setup);
  OpenedSocket opened = OpenSocket(setup);
  if (!opened.descriptor.IsOpen() || opened.error != 0) return {common::Fd(), opened.error};
  inspector.SendAtOnce(opened.descriptor.Get(), setup.kind);
  int error = Connect(opened.descriptor.Get(), plan.to);
  // Over loopback the answer is there as soon as the first call has let go of the socket.
  if (error == EINPROGRESS) error = Connect(opened.descriptor.Get(), plan.to);
  return {std::move(opened.descriptor), IsUnderWay(error) ? EINPROGRESS : error};
}

void AwaitDial(Loop& loop, const CallPtr& call, BegunDial begun, const Endpoint& to,
               Clock::time_point deadline, std::function<void(DialResult)> done) {
  auto dialling = std::make_shared<Dialling>(loop);
  dialling->begun = std::move(begun);
  if (dialling->begun.error == EINPROGRESS) {
    error_code error;
    dialling->watched.assign(dialling->begun.descriptor.Release(), error);
    if (error) {
      dialling->begun.error = error.value();
    } else {
      AwaitConnected(dialling, to);
    }
  }
  AwaitSignal(
      loop, dialling->changed, call, deadline, [dialling] { return dialling->begun.error != EINPROGRESS; },
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
