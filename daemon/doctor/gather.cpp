#include "daemon/doctor/gather.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/doctor/proc_text.h"
#include "daemon/doctor/socket_facts.h"
#include "daemon/doctor/system_calls.h"
#include "daemon/doctor/trial.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/instance_directory.h"
#include "daemon/kernel_os/process.h"
#include "daemon/kernel_os/run_statistics.h"
#include "daemon/seccomp/filter.h"
#include "daemon/supervisor/confined_process.h"
#include "daemon/supervisor/front_process.h"
#include "daemon/supervisor/host.h"
#include "daemon/supervisor/user_ids.h"
#include "daemon/supervisor/worker_pool.h"

namespace bpfrig::doctor {
namespace {

using kernel_os::Cgroup;
using kernel_os::ChildProcess;
using kernel_os::InstanceDirectory;
using kernel_os::ProcessEnd;
using kernel_os::ProcessSpec;

// A trial takes a tenth of a second.
constexpr absl::Duration kTrialPatience = absl::Seconds(20);
constexpr absl::Duration kRemovePatience = absl::Seconds(10);

// The inode of the machine's own user namespace, the same on every machine (PROC_USER_INIT_INO).
constexpr ino_t kMachineUserNamespace = 0xeffffffd;

// Empty if the file is missing or cannot be read.
std::string ReadOrEmpty(const char* path) {
  return kernel_os::ReadSmallFile(AT_FDCWD, path, path).value_or("");
}

bool Kills(const Facts& facts, absl::string_view call) {
  return std::any_of(facts.calls.begin(), facts.calls.end(), [&](const SystemCall& tried) {
    return tried.name == call && tried.refusal == "SIGSYS";
  });
}

void LookAtUser(const supervisor::Options& options, Facts& facts) {
  facts.uid = ::geteuid();
  struct stat info {};
  facts.machine_user_namespace =
      ::stat("/proc/self/ns/user", &info) != 0 || info.st_ino == kMachineUserNamespace;
  facts.uids = ParseIdMap(ReadOrEmpty("/proc/self/uid_map"));
  facts.gids = ParseIdMap(ReadOrEmpty("/proc/self/gid_map"));
  facts.uid_base = Tried(supervisor::CheckUids(options));
  facts.first_uid = supervisor::ChooseFirstUid(options, 0).value_or(supervisor::kFirstRandomUid);
  facts.uid_count = supervisor::kUidsPerSlot;
}

void LookAtCapabilities(const supervisor::Options& options, Facts& facts) {
  facts.last_capability = kernel_os::LastCapability();
  facts.needs = supervisor::NeededCapabilities(options);
  facts.worker_capabilities = supervisor::WorkerCapabilities(options.perfmon);
  facts.perfmon = options.perfmon;
  facts.capabilities = kernel_os::CapabilitySet::OfThisProcess().value_or(kernel_os::CapabilitySet(0));
  uint64_t bounding = 0;
  for (int capability = 0; capability <= facts.last_capability; ++capability) {
    if (::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) bounding |= uint64_t{1} << capability;
  }
  facts.bounding = kernel_os::CapabilitySet(bounding);
}

void LookAtSecurity(Facts& facts) {
  facts.seccomp_filter = HasSeccompFilter(ReadOrEmpty("/proc/self/status"));
  facts.calls = TrySystemCalls();
  ClassifyLabel(ReadOrEmpty("/proc/self/attr/current"), facts);
  // If several modules are active, the file above belongs to only one of them.
  if (facts.apparmor.empty()) ClassifyLabel(ReadOrEmpty("/proc/self/attr/apparmor/current"), facts);
  facts.lockdown = ParseLockdown(ReadOrEmpty("/sys/kernel/security/lockdown"));
  // As in a worker, which raises the limit if it may.
  rlimit memlock{};
  facts.memlock_unlimited = facts.capabilities.Has(CAP_SYS_RESOURCE) ||
                            ::getrlimit(RLIMIT_MEMLOCK, &memlock) != 0 || memlock.rlim_max == RLIM_INFINITY;
}

void LookAtKernel(Facts& facts) {
  utsname names{};
  if (::uname(&names) == 0) facts.release = names.release;
  const common::Fd btf(::open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC));
  facts.btf = Tried(btf.IsOpen() ? absl::OkStatus() : base::ErrnoError("opening /sys/kernel/btf/vmlinux"));
  // As libbpf finds out for how many of them maps have values.
  const common::Fd cpus(::open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC));
  facts.possible_cpus =
      Tried(cpus.IsOpen() ? absl::OkStatus() : base::ErrnoError("opening /sys/devices/system/cpu/possible"));
  const std::string mountinfo = ReadOrEmpty("/proc/self/mountinfo");
  facts.cgroup_layout = CgroupLayout(mountinfo);
  facts.has_net_cls = HasNetCls(mountinfo);
}

// As InstanceDirectory::Claim does, but keeps the outcome for each place.
std::optional<InstanceDirectory> ClaimInstance(Facts& facts) {
  const auto places = kernel_os::FindCgroupPlaces();
  if (!places.ok()) {
    facts.cgroup_tries.push_back(
        {.place = "/proc/self", .own_mount = false, .claimed = Tried(places.status())});
    return std::nullopt;
  }
  const bool no_mount = Kills(facts, "fsopen") || Kills(facts, "fsconfig") || Kills(facts, "fsmount");
  for (const kernel_os::CgroupPlace& place : *places) {
    CgroupTry& attempt = facts.cgroup_tries.emplace_back();
    attempt.place = kernel_os::DescribePlace(place);
    attempt.own_mount = place.own_mount;
    if (place.own_mount && no_mount) continue;
    absl::StatusOr<common::Fd> root = kernel_os::OpenCgroupPlace(place);
    attempt.claimed = Tried(root.status());
    if (!root.ok()) continue;
    absl::StatusOr<InstanceDirectory> claimed = InstanceDirectory::ClaimIn(*std::move(root), attempt.place);
    attempt.claimed = Tried(claimed.status());
    if (claimed.ok()) return *std::move(claimed);
  }
  return std::nullopt;
}

// Starts the process in its own cgroup, and waits until it ends by itself and in order.
absl::Status RunToEnd(int instance, const std::string& name, ProcessSpec spec) {
  const common::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.IsOpen()) return base::ErrnoError("opening /dev/null");
  BPFRIG_ASSIGN_OR_RETURN(Cgroup cgroup, Cgroup::Create(instance, name));
  spec.cgroup = cgroup.Get();
  spec.fds.push_back({.fd = null.Get(), .number = STDIN_FILENO});
  spec.fds.push_back({.fd = null.Get(), .number = STDOUT_FILENO});
  spec.fds.push_back({.fd = STDERR_FILENO, .number = STDERR_FILENO});
  spec.fds.push_back({.fd = cgroup.Get(), .number = kTrialCgroupNumber});
  BPFRIG_ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start(spec));
  BPFRIG_ASSIGN_OR_RETURN(const ProcessEnd end, child.Reap(absl::Now() + kTrialPatience));
  BPFRIG_RETURN_IF_ERROR(cgroup.Remove(absl::Now() + kRemovePatience));
  if (end.signal == 0 && end.status == 0) return absl::OkStatus();
  return base::MakeError(base::Reason::kInternal,
                         absl::StrCat(spec.arguments[0], " ended with ", kernel_os::DescribeEnd(end)));
}

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while ((count = TEMP_FAILURE_RETRY(::read(fd, buffer.data(), buffer.size()))) > 0) {
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return text;
}

absl::Status RunWorkerTrial(const supervisor::Options& options, int instance, Facts& facts) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::ErrnoError("making a pipe");
  const common::Fd read_end(ends[0]);
  common::Fd write_end(ends[1]);
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd executable, supervisor::OpenExecutable(options.worker_path));
  BPFRIG_ASSIGN_OR_RETURN(const common::Fd filter, seccomp::MakeFilter(seccomp::RefusedToWorkers()));
  ProcessSpec spec;
  spec.executable = executable.Get();
  spec.arguments = {"bpfrigd", "trial"};
  spec.fds = {{.fd = write_end.Get(), .number = kTrialResultNumber},
              {.fd = filter.Get(), .number = kTrialFilterNumber}};
  spec.new_netns = true;
  spec.uid = facts.first_uid + 1;  // the front has the first
  spec.gid = spec.uid;
  spec.capabilities = facts.worker_capabilities;
  const absl::Status ended = RunToEnd(instance, "doctor-worker", std::move(spec));
  write_end.Close();
  // All of it is in the pipe by now, which holds several times as much.
  if (ended.ok()) facts.trial = ParseTrial(ReadAll(read_end.Get()));
  return ended;
}

absl::Status RunFrontTrial(const supervisor::Options& options, int instance, const Facts& facts) {
  BPFRIG_ASSIGN_OR_RETURN(const std::string path, supervisor::FrontPath(options));
  const absl::StatusOr<common::Fd> executable = supervisor::OpenExecutable(path);
  if (!executable.ok()) return base::WithHint(executable.status(), "name the front's binary with --front");
  ProcessSpec spec;
  spec.executable = executable->Get();
  spec.arguments = {"bpfrigd-front", "--version"};
  spec.new_netns = true;
  spec.uid = facts.first_uid;
  spec.gid = spec.uid;
  return RunToEnd(instance, "doctor-front", std::move(spec));
}

void TryProcesses(const supervisor::Options& options, Facts& facts) {
  std::optional<InstanceDirectory> instance = ClaimInstance(facts);
  if (!instance.has_value()) return;
  if (options.uid_base) facts.first_uid += instance->slot() * supervisor::kUidsPerSlot;
  facts.has_cgroup_kill = ::faccessat(instance->Get(), "cgroup.kill", F_OK, 0) == 0;
  // A filter that kills would kill us; making one for the trial takes the latter two.
  const bool kills = Kills(facts, "clone3") || Kills(facts, "seccomp") || Kills(facts, "memfd_create");
  if (!kills && facts.uid_base.Worked()) {
    facts.worker = Tried(RunWorkerTrial(options, instance->Get(), facts));
    facts.front = Tried(RunFrontTrial(options, instance->Get(), facts));
  }
  facts.cgroup_removed = Tried(instance->Remove(absl::Now() + kRemovePatience));
}

}  // namespace

Facts Gather(const supervisor::Options& options) {
  Facts facts;
  LookAtUser(options, facts);
  LookAtCapabilities(options, facts);
  LookAtSecurity(facts);
  LookAtKernel(facts);
  TryProcesses(options, facts);
  if (!Kills(facts, "bpf")) facts.run_counts = Tried(kernel_os::EnableRunStatistics().status());
  facts.socket = LookAtSocket(options);
  return facts;
}

}  // namespace bpfrig::doctor
