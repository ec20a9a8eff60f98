// CallThreads: the threads on which calls wait for their workers, one a call, all joined. A call lasts as
// long as its worker takes, and gRPC's own threads must not wait.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "absl/status/status.h"

namespace bpfrig::front {

class CallThreads {
 public:
  explicit CallThreads(size_t limit) : limit_(limit) {}
  // Waits for what still runs.
  ~CallThreads() { JoinAll(); }
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  // Runs `work` on a thread of its own. LIMIT_REACHED where too many run already.
  [[nodiscard]] absl::Status Start(std::function<void()> work);
  // Waits for what still runs; nothing can be started after.
  void JoinAll();

 private:
  using Threads = std::list<std::thread>;

  // Where a thread ends up: moves itself to those that can be joined without a wait.
  void Retire(Threads::iterator self);

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable idle_;
  bool closed_ = false;
  Threads running_;
  Threads finished_;
};

}  // namespace bpfrig::front
