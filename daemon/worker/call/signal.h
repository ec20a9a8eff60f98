// Signal: tells whoever listens that something changed. AwaitSignal: the one way in which a call waits, for a
// condition over something that has a Signal, up to a deadline or the call's end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "daemon/worker/call/asio.h"

namespace bpfrig::worker {

class Call;

class Signal {
 public:
  using Id = uint64_t;

  Id Add(std::function<void()> listener);
  void Remove(Id id);
  void Clear() { listeners_.clear(); }
  // Runs every listener that was there when it began and still is when its turn comes. Listeners may add,
  // remove and end calls: notify as the last thing that a handler does, and keep the signal's owner alive
  // until then.
  void Notify();

 private:
  std::map<Id, std::function<void()>> listeners_;
  Id next_id_ = 1;
};

enum class WaitResult {
  kMet,
  kTimedOut,
  // The call is over: whoever asked has gone, or the sandbox is closing.
  kCancelled,
};

// Runs `done` once, at the latest at `deadline`: at once if `met` holds already, else after the first
// notification at which it does. `met` must keep the signal's owner alive.
void AwaitSignal(Loop& loop, Signal& signal, const std::shared_ptr<Call>& call, Clock::time_point deadline,
                 std::function<bool()> met, std::function<void(WaitResult)> done);

}  // namespace bpfrig::worker
