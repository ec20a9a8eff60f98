// SpareWorkers: workers that were started before anybody asked for a sandbox, and know of none yet. Each is
// as one that is started for a sandbox, in a network namespace and a cgroup of its own, and is used once:
// opening a sandbox need not wait for a process to begin. A thread keeps as many ready as there are to be.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/front/sandboxes/supervisor_link.h"

namespace bpfrig::front {

class SpareWorkers {
 public:
  // None is started yet. `link` outlives it.
  SpareWorkers(SupervisorLink& link, uint32_t count) : link_(link), count_(count) {}
  ~SpareWorkers() { Stop(); }
  SpareWorkers(const SpareWorkers&) = delete;
  SpareWorkers& operator=(const SpareWorkers&) = delete;

  // Begins to start them.
  void Start();
  // Starts no further ones. Waits for the one that is being started; if the link was stopped before, not for
  // long. Those that are ready stay until the supervisor ends them.
  void Stop();

  // One that is ready, or a new one if there is none, or if it may have another number of open files than
  // usual (0). Otherwise as SupervisorLink::Spawn.
  [[nodiscard]] absl::StatusOr<SpawnedWorker> Take(uint32_t open_files, absl::Time deadline,
                                                   SupervisorLink::ExitListener on_exit);
  // How many are ready.
  [[nodiscard]] uint32_t Count() const;

 private:
  // Passes on how a worker ended, to whoever has it by then.
  class Heir {
   public:
    void OnExit(const WorkerExit& exit);
    // False if the worker has ended.
    [[nodiscard]] bool Inherit(SupervisorLink::ExitListener on_exit);
    [[nodiscard]] bool HasExited() const;

   private:
    mutable std::mutex mutex_;
    bool has_exited_ = false;
    SupervisorLink::ExitListener on_exit_;
  };
  struct Spare {
    SpawnedWorker worker;
    std::shared_ptr<Heir> heir;
  };

  void Run();
  // From the link's thread: one of them has ended.
  void DropDead();
  [[nodiscard]] std::optional<Spare> PopReady();

  SupervisorLink& link_;
  const uint32_t count_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  absl::Time not_before_ = absl::UnixEpoch();
  std::deque<Spare> ready_;
  std::thread thread_;
};

}  // namespace bpfrig::front
