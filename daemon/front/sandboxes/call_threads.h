// CallThreads: the threads on which calls wait for their workers, one a call. A call lasts as long as its
// worker takes, and gRPC's own threads must not wait. A thread whose call is over waits for the next one, as
// to start another takes longer than many a call.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <queue>
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

  // Runs `work` on a thread that does nothing else meanwhile. LIMIT_REACHED where too many run already.
  [[nodiscard]] absl::Status Start(std::function<void()> work);
  // Waits for what still runs; nothing can be started after.
  void JoinAll();

 private:
  using Work = std::function<void()>;
  using Threads = std::list<std::thread>;

  // What a thread does: its first work, then what others leave it.
  void Serve(Threads::iterator self, Work work);
  // Waits for the next work; none if the thread is to end.
  [[nodiscard]] Work Next(Threads::iterator self);

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable work_is_there_;
  std::condition_variable none_is_left_;
  bool closed_ = false;
  Threads threads_;
  // Those of them that have nothing to do, and the work of those that have, but do not know it yet.
  size_t idle_ = 0;
  std::queue<Work> for_idle_;
  // Those that can be joined without a wait.
  Threads finished_;
};

}  // namespace bpfrig::front
