#include "daemon/supervisor/confined_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/fd.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::supervisor {
namespace {

using kernel_os::Cgroup;
using kernel_os::ChildProcess;
using kernel_os::ProcessEnd;

// All of the environment that a child gets, by the names' beginnings: its options are on its command line,
// and what else is there, such as a CI job's secrets, is none of its business.
constexpr std::array<absl::string_view, 8> kForChildren = {
    "PATH=",         "TZ=",           "LD_LIBRARY_PATH=", "GRPC_",
    "ASAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS=",    "UBSAN_OPTIONS="};

bool IsForChildren(absl::string_view variable) {
  return std::any_of(kForChildren.begin(), kForChildren.end(),
                     [&](absl::string_view start) { return absl::StartsWith(variable, start); });
}

constexpr absl::Duration kKillPatience = absl::Seconds(1);
constexpr absl::Duration kDestructorPatience = absl::Seconds(5);

}  // namespace

absl::StatusOr<ConfinedProcess> ConfinedProcess::Start(int instance, const std::string& name,
                                                       kernel_os::ProcessSpec spec, int cgroup_number,
                                                       const kernel_os::CgroupLimits& limits) {
  ConfinedProcess confined;
  BPFRIG_ASSIGN_OR_RETURN(confined.cgroup_, Cgroup::Create(instance, name));
  BPFRIG_RETURN_IF_ERROR(confined.cgroup_.Limit(limits));
  const common::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null.IsOpen()) return base::ErrnoError("opening /dev/null");
  spec.fds.push_back({.fd = null.Get(), .number = STDIN_FILENO});
  spec.fds.push_back({.fd = STDERR_FILENO, .number = STDOUT_FILENO});
  spec.cgroup = confined.cgroup_.Get();
  if (cgroup_number >= 0) spec.fds.push_back({.fd = spec.cgroup, .number = cgroup_number});
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (IsForChildren(*variable)) spec.environment.emplace_back(*variable);
  }
  BPFRIG_ASSIGN_OR_RETURN(confined.process_, ChildProcess::Start(spec));
  return confined;
}

ConfinedProcess::~ConfinedProcess() {
  if (!IsRunning()) return;
  const absl::Status status = Finish(absl::Now() + kDestructorPatience).status();
  if (!status.ok()) base::LogError(status.message());
}

absl::Status ConfinedProcess::Kill() const { return cgroup_.Kill(absl::Now() + kKillPatience); }

absl::StatusOr<ProcessEnd> ConfinedProcess::Finish(absl::Time deadline) {
  const absl::Status killed = Kill();
  if (!killed.ok()) base::LogError(killed.message());
  BPFRIG_ASSIGN_OR_RETURN(const ProcessEnd end, process_.Reap(deadline));
  const absl::Status removed = cgroup_.Remove(deadline);
  if (!removed.ok()) base::LogError(removed.message());
  return end;
}

void ConfinedProcess::Abandon() {
  process_.Abandon();
  cgroup_.Abandon();
}

absl::StatusOr<common::Fd> OpenExecutable(const std::string& path) {
  common::Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.IsOpen()) return base::ErrnoError(absl::StrCat("opening ", path));
  return fd;
}

}  // namespace bpfrig::supervisor
