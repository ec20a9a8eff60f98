#include "daemon/worker/call/signal.h"

#include <utility>
#include <vector>

#include "daemon/worker/call/call.h"

namespace bpfrig::worker {
namespace {

class Wait : public std::enable_shared_from_this<Wait> {
 public:
  Wait(Loop& loop, Signal& signal, std::shared_ptr<Call> call, std::function<bool()> met,
       std::function<void(WaitResult)> done)
      : timer_(loop), signal_(signal), call_(std::move(call)), met_(std::move(met)), done_(std::move(done)) {}

  void Start(Clock::time_point deadline) {
    const auto self = shared_from_this();
    signal_id_ = signal_.Add([self] {
      if (self->met_()) self->End(WaitResult::kMet);
    });
    over_id_ = call_->over_signal().Add([self] { self->End(WaitResult::kCancelled); });
    timer_.expires_at(deadline);
    timer_.async_wait([self](const error_code& error) {
      if (!error) self->End(WaitResult::kTimedOut);
    });
  }

 private:
  void End(WaitResult result) {
    if (!done_) return;
    const auto self = shared_from_this();
    signal_.Remove(signal_id_);
    call_->over_signal().Remove(over_id_);
    timer_.cancel();
    const auto done = std::exchange(done_, nullptr);
    done(result);
    met_ = nullptr;
  }

  asio::steady_timer timer_;
  Signal& signal_;  // kept alive by met_
  Signal::Id signal_id_ = 0;
  Signal::Id over_id_ = 0;
  std::shared_ptr<Call> call_;
  std::function<bool()> met_;
  std::function<void(WaitResult)> done_;
};

}  // namespace

Signal::Id Signal::Add(std::function<void()> listener) {
  listeners_.emplace(next_id_, std::move(listener));
  return next_id_++;
}

void Signal::Remove(Id id) { listeners_.erase(id); }

void Signal::Notify() {
  std::vector<Id> ids;
  ids.reserve(listeners_.size());
  for (const auto& [id, listener] : listeners_) ids.push_back(id);
  for (const Id id : ids) {
    const auto found = listeners_.find(id);
    if (found == listeners_.end()) continue;
    const std::function<void()> listener = found->second;
    listener();
  }
}

void AwaitSignal(Loop& loop, Signal& signal, const std::shared_ptr<Call>& call, Clock::time_point deadline,
                 std::function<bool()> met, std::function<void(WaitResult)> done) {
  if (call->IsOver()) return done(WaitResult::kCancelled);
  if (met()) return done(WaitResult::kMet);
  if (deadline <= Clock::now()) return done(WaitResult::kTimedOut);
  std::make_shared<Wait>(loop, signal, call, std::move(met), std::move(done))->Start(deadline);
}

}  // namespace bpfrig::worker
