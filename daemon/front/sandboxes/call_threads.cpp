#include "daemon/front/sandboxes/call_threads.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::front {
namespace {

using base::MakeError;
using base::Reason;

// As many as a busy client has calls at once; what a flood of calls took is given back.
constexpr size_t kMostIdle = 16;

}  // namespace

absl::Status CallThreads::Start(std::function<void()> work) {
  Threads to_join;
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    to_join.swap(finished_);
    if (closed_) {
      status = MakeError(Reason::kSandboxClosed, "starting a call: the daemon is shutting down");
    } else if (threads_.size() - idle_ >= limit_) {
      status = MakeError(Reason::kLimitReached,
                         absl::StrCat("starting a call: ", limit_, " calls are under way already"));
    } else if (idle_ > 0) {
      --idle_;
      for_idle_.push(std::move(work));
      work_is_there_.notify_one();
    } else {
      const Threads::iterator self = threads_.emplace(threads_.end());
      try {
        *self = std::thread([this, self, task = std::move(work)]() mutable { Serve(self, std::move(task)); });
      } catch (const std::system_error& error) {
        threads_.erase(self);
        status = MakeError(Reason::kLimitReached, absl::StrCat("starting a thread: ", error.what()));
      }
    }
  }
  for (std::thread& thread : to_join) thread.join();
  return status;
}

void CallThreads::Serve(Threads::iterator self, Work work) {
  while (work) {
    work();
    // What it holds goes before another may be started in its place.
    work = nullptr;
    work = Next(self);
  }
}

CallThreads::Work CallThreads::Next(Threads::iterator self) {
  // Start() holds the mutex until it has stored the thread.
  std::unique_lock lock(mutex_);
  if (!closed_ && idle_ < kMostIdle) {
    ++idle_;
    work_is_there_.wait(lock, [this] { return closed_ || !for_idle_.empty(); });
    if (!for_idle_.empty()) {
      Work work = std::move(for_idle_.front());
      for_idle_.pop();
      return work;
    }
    --idle_;
  }
  finished_.splice(finished_.end(), threads_, self);
  if (threads_.empty()) none_is_left_.notify_all();
  return nullptr;
}

void CallThreads::JoinAll() {
  Threads to_join;
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    work_is_there_.notify_all();
    // Not longer than the calls: each of them has a deadline.
    none_is_left_.wait(lock, [this] { return threads_.empty(); });
    to_join.swap(finished_);
  }
  for (std::thread& thread : to_join) thread.join();
}

}  // namespace bpfrig::front
