#include "daemon/worker/handlers/repeated_dials.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/errno_name.h"
#include "daemon/worker/handlers/begin_within.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;

// How many dials other calls wait for: about a millisecond.
constexpr int kDialsAtOnce = 64;
// The same number stands in the request's comment.
constexpr size_t kMaxAnswerBytes = 1024 * 1024;

// Whether the peer has closed or reset the connection. Nobody takes what it sent before.
bool HasPeerClosed(int descriptor) {
  std::array<char, 4096> ignored;
  ssize_t count = 0;
  do {
    count = ::recv(descriptor, ignored.data(), ignored.size(), MSG_DONTWAIT);
  } while (count > 0 || (count < 0 && errno == EINTR));
  return count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace

RepeatedDials::RepeatedDials(Sandbox& sandbox, CallPtr call, const ConnectRequest& request, DialPlan plan,
                             Connecting::Done answer)
    : sandbox_(sandbox),
      call_(std::move(call)),
      request_(request),
      plan_(std::move(plan)),
      answer_(std::move(answer)),
      last_begin_(LastBegin(request.begin_within_ms())) {}

void RepeatedDials::DialNext() {
  if (call_->IsOver()) return;
  for (int i = 0; i < kDialsAtOnce && !IsEnough(); ++i) {
    if (!DialOnce()) return;
  }
  if (!IsEnough()) return GoOnLater();
  ConnectResponse response;
  *response.mutable_repeated() = tally_.Take();
  answer_(response);
}

void RepeatedDials::GoOnLater() {
  asio::post(sandbox_.loop(), [self = shared_from_this()] { self->DialNext(); });
}

bool RepeatedDials::IsEnough() const {
  if (tally_.count() == 0) return false;
  return tally_.count() >= request_.times() || tally_.answer_bytes() > kMaxAnswerBytes ||
         Clock::now() >= last_begin_;
}

bool RepeatedDials::DialOnce() {
  const Clock::time_point started = Clock::now();
  BegunDial begun = DialNow(plan_, sandbox_.traffic().inspector());
  if (begun.error != 0 && begun.error != EINPROGRESS) {
    ConnectResponse refused;
    refused.set_errno_name(common::ErrnoName(begun.error));
    Note(refused, started);
    return true;
  }
  if (begun.error == 0 && Pass(begun.descriptor, started)) return true;
  const auto connecting = std::make_shared<Connecting>(sandbox_, call_, request_, started,
                                                       [self = shared_from_this()](ConnectResponse& answer) {
                                                         self->tally_.Add(std::move(answer));
                                                         self->GoOnLater();
                                                       });
  connecting->Start(plan_.setup.kind, plan_.to, std::move(begun));
  return false;
}

bool RepeatedDials::Pass(common::Fd& dialled, Clock::time_point started) {
  const SocketInspector& inspector = sandbox_.traffic().inspector();
  const bool carries = !request_.send().empty() || request_.has_receive();
  if (carries || plan_.setup.kind.IsDatagram() || inspector.IsWatched()) return false;
  const SocketFacts facts = inspector.Inspect(dialled.Get(), plan_.setup.kind);
  std::optional<PassingEnd> accepted = sandbox_.traffic().AcceptNow(facts);
  if (!accepted.has_value()) return false;
  ConnectResponse answer;
  *answer.mutable_local() = ToProto(Normalised(facts.local));
  *answer.mutable_peer() = ToProto(Normalised(facts.peer));
  answer.set_server(std::move(accepted->server));
  answer.set_dialled_cookie(facts.cookie);
  answer.set_accepted_cookie(accepted->socket.cookie);
  // The accepted end first, as Connecting does.
  if (accepted->socket.closes_at_once) accepted->socket.descriptor.Close();
  answer.set_peer_closed(HasPeerClosed(dialled.Get()));
  accepted->socket.descriptor.Close();
  dialled.Close();
  Note(answer, started);
  return true;
}

void RepeatedDials::Note(ConnectResponse& answer, Clock::time_point started) {
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started);
  answer.set_duration_us(static_cast<uint64_t>(duration.count()));
  tally_.Add(std::move(answer));
}

}  // namespace bpfrig::worker
