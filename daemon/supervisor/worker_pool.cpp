#include "daemon/supervisor/worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/message_socket.h"
#include "daemon/kernel_os/capabilities.h"

namespace bpfrig::supervisor {
namespace {

using base::MakeError;
using base::Reason;
using kernel_os::PassedFd;
using kernel_os::ProcessEnd;
using kernel_os::ProcessSpec;

// Enough for a few thousand connections, both ends of which are the worker's.
constexpr uint32_t kDefaultOpenFiles = 16384;
constexpr absl::Duration kReapPatience = absl::Seconds(2);
constexpr absl::Duration kDyingPatience = absl::Seconds(5);

}  // namespace

std::vector<int> WorkerCapabilities(bool perfmon) {
  std::vector<int> capabilities = {CAP_BPF, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE};
  if (perfmon) capabilities.push_back(CAP_PERFMON);
  return capabilities;
}

absl::StatusOr<WorkerPool> WorkerPool::Make(WorkerSettings settings) {
  BPFRIG_ASSIGN_OR_RETURN(Lifeline lifeline, Lifeline::Make());
  return WorkerPool(std::move(settings), std::move(lifeline));
}

absl::StatusOr<common::Fd> WorkerPool::Spawn(uint64_t number, uint32_t open_files) {
  if (workers_.count(number) != 0) {
    return MakeError(Reason::kDuplicateName, absl::StrCat("worker ", number, " is there already"));
  }
  if (workers_.size() >= settings_.limit) {
    return MakeError(Reason::kLimitReached, absl::StrCat("there are ", workers_.size(), " workers already"));
  }
  BPFRIG_ASSIGN_OR_RETURN(auto channel, ipc::MakeSocketPair());
  ProcessSpec spec;
  spec.executable = settings_.executable.Get();
  spec.arguments = {"bpfrigd",     "worker",           "--number", absl::StrCat(number),
                    "--log-level", settings_.log_level};
  if (!settings_.allow_load.empty()) {
    spec.arguments.insert(spec.arguments.end(), {"--allow-load", absl::StrJoin(settings_.allow_load, ",")});
  }
  if (settings_.runs_counted) spec.arguments.emplace_back("--runs-counted");
  spec.fds = {PassedFd{.fd = channel.second.Get(), .number = kWorkerChannelNumber},
              PassedFd{.fd = lifeline_.read_end.Get(), .number = kWorkerLifelineNumber},
              PassedFd{.fd = settings_.filter.Get(), .number = kWorkerFilterNumber}};
  spec.new_netns = true;
  spec.uid = ChooseUid(number);
  spec.gid = spec.uid;
  spec.capabilities = WorkerCapabilities(settings_.perfmon);
  spec.open_files = open_files == 0 ? kDefaultOpenFiles : open_files;

  Worker worker;
  worker.uid = spec.uid;
  BPFRIG_ASSIGN_OR_RETURN(worker.process,
                          ConfinedProcess::Start(settings_.instance, absl::StrCat("sandbox-", number),
                                                 std::move(spec), kWorkerCgroupNumber));
  used_uids_.insert(worker.uid);
  workers_.emplace(number, std::move(worker));
  return std::move(channel.first);
}

void WorkerPool::Kill(uint64_t number) {
  const auto found = workers_.find(number);
  if (found == workers_.end()) return;
  const absl::Status killed = found->second.process.Kill();
  if (!killed.ok()) base::LogError(absl::StrCat("worker ", number, ": ", killed.message()));
  found->second.stuck_after = absl::Now() + kDyingPatience;
}

absl::StatusOr<ProcessEnd> WorkerPool::Reap(uint64_t number) {
  const auto found = workers_.find(number);
  if (found == workers_.end()) {
    return MakeError(Reason::kUnknownName, absl::StrCat("there is no worker ", number));
  }
  BPFRIG_ASSIGN_OR_RETURN(const ProcessEnd end, found->second.process.Finish(absl::Now() + kReapPatience));
  used_uids_.erase(found->second.uid);
  workers_.erase(found);
  return end;
}

void WorkerPool::EndAll(absl::Time deadline) {
  // All at once, so that they die side by side.
  for (const auto& [number, worker] : workers_) Kill(number);
  for (auto& [number, worker] : workers_) {
    const absl::StatusOr<ProcessEnd> end = worker.process.Finish(deadline);
    if (!end.ok()) base::LogError(absl::StrCat("worker ", number, ": ", end.status().message()));
  }
  workers_.clear();
  used_uids_.clear();
}

std::vector<std::pair<uint64_t, int>> WorkerPool::Pidfds() const {
  std::vector<std::pair<uint64_t, int>> pidfds;
  pidfds.reserve(workers_.size());
  for (const auto& [number, worker] : workers_) pidfds.emplace_back(number, worker.process.pidfd());
  return pidfds;
}

absl::Time WorkerPool::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [number, worker] : workers_) next = std::min(next, worker.stuck_after);
  return next;
}

void WorkerPool::LogStuck(absl::Time now) {
  for (auto& [number, worker] : workers_) {
    if (worker.stuck_after > now) continue;
    base::LogError(absl::StrCat("worker ", number, " (process ", worker.process.pid(), ") was killed ",
                                absl::FormatDuration(kDyingPatience), " ago and does not die"));
    worker.stuck_after = absl::InfiniteFuture();
  }
}

uint32_t WorkerPool::ChooseUid(uint64_t number) const {
  auto offset = static_cast<uint32_t>(number % kWorkerUids);
  // There is a free one: settings_.limit is no more than kWorkerUids.
  while (used_uids_.count(settings_.first_uid + offset) != 0) offset = (offset + 1) % kWorkerUids;
  return settings_.first_uid + offset;
}

}  // namespace bpfrig::supervisor
