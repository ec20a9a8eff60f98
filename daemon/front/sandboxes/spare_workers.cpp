#include "daemon/front/sandboxes/spare_workers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace bpfrig::front {
namespace {

// As long as a client would wait for a sandbox.
constexpr absl::Duration kSpawnTime = absl::Seconds(10);
// After one that could not be started, or died by itself. Whoever opens a sandbox meanwhile is told why.
constexpr absl::Duration kPause = absl::Seconds(1);

}  // namespace

void SpareWorkers::Heir::OnExit(const WorkerExit& exit) {
  SupervisorLink::ExitListener on_exit;
  {
    const std::lock_guard lock(mutex_);
    has_exited_ = true;
    on_exit = std::exchange(on_exit_, nullptr);
  }
  if (on_exit) on_exit(exit);
}

bool SpareWorkers::Heir::Inherit(SupervisorLink::ExitListener on_exit) {
  const std::lock_guard lock(mutex_);
  if (has_exited_) return false;
  on_exit_ = std::move(on_exit);
  return true;
}

bool SpareWorkers::Heir::HasExited() const {
  const std::lock_guard lock(mutex_);
  return has_exited_;
}

void SpareWorkers::Start() {
  if (count_ > 0) thread_ = std::thread([this] { Run(); });
}

void SpareWorkers::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<SpawnedWorker> SpareWorkers::Take(uint32_t open_files, absl::Time deadline,
                                                 SupervisorLink::ExitListener on_exit) {
  while (open_files == 0) {
    std::optional<Spare> spare = PopReady();
    if (!spare) break;
    if (spare->heir->Inherit(on_exit)) return std::move(spare->worker);
  }
  return link_.Spawn(open_files, deadline, std::move(on_exit));
}

std::optional<SpareWorkers::Spare> SpareWorkers::PopReady() {
  std::optional<Spare> spare;
  {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return std::nullopt;
    spare = std::move(ready_.front());
    ready_.pop_front();
  }
  changed_.notify_all();
  return spare;
}

uint32_t SpareWorkers::Count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(ready_.size());
}

void SpareWorkers::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || ready_.size() < count_; });
    changed_.wait_until(lock, absl::ToChronoTime(not_before_), [this] { return stopped_; });
    if (stopped_) return;
    lock.unlock();
    const auto heir = std::make_shared<Heir>();
    const auto on_exit = [this, heir](const WorkerExit& exit) {
      heir->OnExit(exit);
      DropDead();
    };
    absl::StatusOr<SpawnedWorker> worker = link_.Spawn(0, absl::Now() + kSpawnTime, on_exit);
    lock.lock();
    if (worker.ok()) {
      ready_.push_back({*std::move(worker), heir});
    } else if (!stopped_) {
      base::LogWarning(absl::StrCat("starting a worker before it is asked for: ", worker.status().message()));
      not_before_ = absl::Now() + kPause;
    }
  }
}

void SpareWorkers::DropDead() {
  const std::lock_guard lock(mutex_);
  const size_t dropped = std::erase_if(ready_, [](const Spare& spare) { return spare.heir->HasExited(); });
  if (dropped == 0) return;
  base::LogWarning("a worker that was ready for a sandbox has died");
  not_before_ = absl::Now() + kPause;
  changed_.notify_all();
}

}  // namespace bpfrig::front
