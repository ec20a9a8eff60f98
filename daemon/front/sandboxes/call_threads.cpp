#include "daemon/front/sandboxes/call_threads.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::front {

using base::MakeError;
using base::Reason;

absl::Status CallThreads::Start(std::function<void()> work) {
  Threads to_join;
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    to_join.swap(finished_);
    if (closed_) {
      status = MakeError(Reason::kSandboxClosed, "starting a call: the daemon is shutting down");
    } else if (running_.size() >= limit_) {
      status = MakeError(Reason::kLimitReached,
                         absl::StrCat("starting a call: ", limit_, " calls are under way already"));
    } else {
      const Threads::iterator self = running_.emplace(running_.end());
      try {
        *self = std::thread([this, self, task = std::move(work)] {
          task();
          Retire(self);
        });
      } catch (const std::system_error& error) {
        running_.erase(self);
        status = MakeError(Reason::kLimitReached, absl::StrCat("starting a thread: ", error.what()));
      }
    }
  }
  for (std::thread& thread : to_join) thread.join();
  return status;
}

void CallThreads::Retire(Threads::iterator self) {
  // Start() holds the mutex until it has stored the thread.
  const std::lock_guard lock(mutex_);
  finished_.splice(finished_.end(), running_, self);
  if (running_.empty()) idle_.notify_all();
}

void CallThreads::JoinAll() {
  Threads to_join;
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    // Not longer than the calls: each of them has a deadline.
    idle_.wait(lock, [this] { return running_.empty(); });
    to_join.swap(finished_);
  }
  for (std::thread& thread : to_join) thread.join();
}

}  // namespace bpfrig::front
