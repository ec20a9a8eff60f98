#include "daemon/supervisor/worker_pool.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/message_socket.h"
#include "daemon/kernel_os/capabilities.h"
#include "daemon/kernel_os/limits.h"

namespace bpfrig::supervisor {
namespace {

using base::MakeError;
using base::Reason;
using kernel_os::PassedFd;
using kernel_os::ProcessEnd;
using kernel_os::ProcessSpec;

// Enough for a few thousand connections, both ends of which are the worker's.
constexpr uint32_t kDefaultOpenFiles = 16384;
// Before a worker's maps raise it (worker/objects/map_memory.h). A hundred of it counts as much as a tenth of
// the memory that there is: by this much above its own, the front may have two thirds of it and outlive
// workers.
constexpr int kWorkerOomScore = 800;
constexpr absl::Duration kReapPatience = absl::Seconds(2);
// At the end, if for so long none of those that were killed has died, those that are left will not.
constexpr absl::Duration kLastPatience = absl::Milliseconds(700);

// How many files the worker may open.
absl::StatusOr<uint64_t> OpenFiles(uint32_t wanted) {
  BPFRIG_ASSIGN_OR_RETURN(const uint64_t own, kernel_os::MostOpenFiles());
  const uint64_t most = std::min<uint64_t>(own, kDefaultOpenFiles);
  if (wanted <= most) return wanted == 0 ? most : wanted;
  const absl::Status status = MakeError(
      Reason::kLimitReached,
      absl::StrCat("opening a sandbox with ", wanted, " open files: at most ", most, " are allowed"));
  return base::WithField(status, "limits.open_files");
}

absl::StatusOr<std::pair<common::Fd, common::Fd>> MakePacketPair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::ErrnoError("making a socket pair");
  }
  return std::make_pair(common::Fd(ends[0]), common::Fd(ends[1]));
}

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
  ProcessSpec spec;
  BPFRIG_ASSIGN_OR_RETURN(spec.open_files, OpenFiles(open_files));
  BPFRIG_ASSIGN_OR_RETURN(auto channel, ipc::MakeSocketPair());
  BPFRIG_ASSIGN_OR_RETURN(auto map_memory, MakePacketPair());
  spec.executable = settings_.executable.Get();
  spec.arguments = Arguments(number);
  spec.fds = {PassedFd{.fd = channel.second.Get(), .number = kWorkerChannelNumber},
              PassedFd{.fd = lifeline_.read_end.Get(), .number = kWorkerLifelineNumber},
              PassedFd{.fd = settings_.filter.Get(), .number = kWorkerFilterNumber},
              PassedFd{.fd = map_memory.second.Get(), .number = kWorkerMapMemoryNumber}};
  spec.new_netns = true;
  spec.uid = ChooseUid(number);
  spec.gid = spec.uid;
  spec.capabilities = WorkerCapabilities(settings_.perfmon);
  spec.oom_score_above_ours = kWorkerOomScore;

  Worker worker;
  worker.uid = spec.uid;
  worker.map_memory = std::move(map_memory.first);
  BPFRIG_ASSIGN_OR_RETURN(
      worker.process, ConfinedProcess::Start(settings_.instance, absl::StrCat("sandbox-", number),
                                             std::move(spec), kWorkerCgroupNumber, settings_.cgroup_limits));
  used_uids_.insert(worker.uid);
  workers_.emplace(number, std::move(worker));
  return std::move(channel.first);
}

std::vector<std::string> WorkerPool::Arguments(uint64_t number) const {
  std::vector<std::string> arguments = {"bpfrigd",
                                        "worker",
                                        "--number",
                                        absl::StrCat(number),
                                        "--log-level",
                                        settings_.log_level,
                                        "--max-map-memory",
                                        absl::StrCat(settings_.memory.maps),
                                        "--max-total-map-memory",
                                        absl::StrCat(settings_.memory.all_maps)};
  if (!settings_.cgroup_obstacle.empty()) {
    arguments.insert(arguments.end(), {"--cgroup-obstacle", settings_.cgroup_obstacle});
  }
  if (!settings_.allow_load.empty()) {
    arguments.insert(arguments.end(), {"--allow-load", absl::StrJoin(settings_.allow_load, ",")});
  }
  if (settings_.log_format != "text") {
    arguments.insert(arguments.end(), {"--log-format", settings_.log_format});
  }
  if (settings_.runs_counted) arguments.emplace_back("--runs-counted");
  return arguments;
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
  map_memory_.Forget(number);
  workers_.erase(found);
  return end;
}

size_t WorkerPool::EndAll(absl::Time deadline) {
  // All at once, so that they die side by side.
  for (const auto& [number, worker] : workers_) Kill(number);
  while (!workers_.empty() && ReapSome(std::min(deadline, absl::Now() + kLastPatience))) {
  }
  for (auto& [number, worker] : workers_) {
    base::LogWarning(absl::StrCat("worker ", number, " (process ", worker.process.pid(),
                                  ") was killed and does not die: a program of it still runs in the kernel"));
    worker.process.Abandon();
  }
  const size_t left = workers_.size();
  workers_.clear();
  used_uids_.clear();
  return left;
}

bool WorkerPool::ReapSome(absl::Time deadline) {
  const std::vector<std::pair<uint64_t, int>> pidfds = Pidfds();
  std::vector<pollfd> fds;
  for (const auto& [number, pidfd] : pidfds) fds.push_back({.fd = pidfd, .events = POLLIN, .revents = 0});
  const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
  // A signal counts as nothing to reap: whoever sends a second one does not want to wait.
  if (::poll(fds.data(), fds.size(), static_cast<int>(absl::ToInt64Milliseconds(left))) <= 0) return false;
  for (size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    const absl::Status reaped = Reap(pidfds[i].first).status();
    if (reaped.ok()) continue;
    base::LogError(absl::StrCat("worker ", pidfds[i].first, ": ", reaped.message()));
    return false;
  }
  return true;
}

std::vector<std::pair<uint64_t, int>> WorkerPool::Pidfds() const {
  std::vector<std::pair<uint64_t, int>> pidfds;
  pidfds.reserve(workers_.size());
  for (const auto& [number, worker] : workers_) pidfds.emplace_back(number, worker.process.pidfd());
  return pidfds;
}

std::vector<std::pair<uint64_t, int>> WorkerPool::MapMemorySockets() const {
  std::vector<std::pair<uint64_t, int>> sockets;
  sockets.reserve(workers_.size());
  for (const auto& [number, worker] : workers_) {
    if (worker.map_memory.IsOpen()) sockets.emplace_back(number, worker.map_memory.Get());
  }
  return sockets;
}

void WorkerPool::AnswerMapMemory(uint64_t number) {
  const auto found = workers_.find(number);
  if (found == workers_.end()) return;  // reaped in the same round
  // Its end is no news: the pidfd tells.
  if (!supervisor::AnswerMapMemory(found->second.map_memory.Get(), number, map_memory_).ok()) {
    found->second.map_memory.Close();
  }
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
