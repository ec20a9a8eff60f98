#include "daemon/supervisor/host.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_os/cgroup_root.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/run_statistics.h"
#include "daemon/kernel_os/tcp_listener.h"
#include "daemon/supervisor/user_ids.h"

namespace bpfrig::supervisor {
namespace {

using kernel_os::CapabilityNeed;
using kernel_os::CgroupControllers;
using kernel_os::InstanceDirectory;
using kernel_os::RuntimeDirectory;
using kernel_os::UnixListener;

constexpr absl::Duration kRemovePatience = absl::Seconds(10);
// A process that enters the daemon's own cgroup, such as a health check, takes milliseconds to be moved on.
constexpr absl::Duration kEnablePatience = absl::Seconds(1);

absl::Status CheckPrivileges(const Options& options) {
  BPFRIG_ASSIGN_OR_RETURN(const auto own, kernel_os::CapabilitySet::OfThisProcess());
  return kernel_os::CheckCapabilities(own, NeededCapabilities(options), kernel_os::LastCapability());
}

absl::StatusOr<RuntimeDirectory> ClaimDirectory(const Options& options, const std::string& path,
                                                std::optional<gid_t> group) {
  const std::string directory = kernel_os::DirectoryOf(path);
  if (options.is_private) return RuntimeDirectory::TakeOver(directory);
  // Somebody else's directory is a decision about who may enter; only the default's is ours to make.
  if (options.address == kDefaultAddress) return RuntimeDirectory::Ensure(directory, group);
  return RuntimeDirectory();
}

absl::StatusOr<common::Fd> ClaimTcp(const RemoteOptions& options) {
  if (options.address.empty()) return common::Fd();
  BPFRIG_ASSIGN_OR_RETURN(const kernel_os::TcpAddress address, kernel_os::ParseTcpAddress(options.address));
  BPFRIG_ASSIGN_OR_RETURN(common::Fd listener, kernel_os::ListenTcp(address));
  BPFRIG_ASSIGN_OR_RETURN(const std::string where, kernel_os::LocalAddress(listener.Get()));
  base::LogInfo(absl::StrCat("listening at ", where, ", for callers with ", DescribeLock(options)));
  return listener;
}

CgroupControllers EnableControllers(const InstanceDirectory& instance) {
  const kernel_os::ControllerPlace place{.directory = instance.root(),
                                         .name = DescribePlace(instance.place()),
                                         .is_own = instance.place().is_own,
                                         .instance = instance.Get()};
  CgroupControllers controllers = CgroupControllers::Enable(place, {kMemoryController, kProcessesController},
                                                            absl::Now() + kEnablePatience);
  if (!controllers.obstacle().ok()) {
    base::LogInfo(absl::StrCat("going on without the kernel's limits for sandboxes: ",
                               Explain(controllers.obstacle())));
  }
  return controllers;
}

common::Fd TryRunStatistics() {
  absl::StatusOr<common::Fd> statistics = kernel_os::EnableRunStatistics();
  if (statistics.ok()) return *std::move(statistics);
  base::LogWarning(absl::StrCat("going on without run counts: ", Explain(statistics.status())));
  return common::Fd();
}

}  // namespace

std::vector<CapabilityNeed> NeededCapabilities(const Options& options) {
  std::vector<CapabilityNeed> needs = {
      {.capability = CAP_SYS_ADMIN, .purpose = "making network namespaces"},
      {.capability = CAP_SETUID, .purpose = "giving each process its own user"},
      {.capability = CAP_SETGID, .purpose = "giving each process its own group"},
      {.capability = CAP_BPF, .purpose = "loading BPF programs"},
      {.capability = CAP_NET_ADMIN, .purpose = "attaching BPF programs and configuring sandboxes"},
      {.capability = CAP_NET_BIND_SERVICE, .purpose = "listening below port 1024 in sandboxes"},
  };
  if (options.perfmon) {
    needs.push_back({.capability = CAP_PERFMON,
                     .purpose = "BPF helpers such as bpf_snprintf (--no-perfmon does without)"});
  }
  return needs;
}

absl::StatusOr<Host> Host::Claim(const Options& options) {
  BPFRIG_RETURN_IF_ERROR(NameDoctor(CheckPrivileges(options)));
  BPFRIG_RETURN_IF_ERROR(CheckUids(options));
  BPFRIG_ASSIGN_OR_RETURN(const std::string path, kernel_os::ParseUnixAddress(options.address));
  std::optional<gid_t> group;
  if (!options.group.empty()) {
    BPFRIG_ASSIGN_OR_RETURN(group, kernel_os::FindGroup(options.group));
  }
  BPFRIG_ASSIGN_OR_RETURN(RuntimeDirectory directory, ClaimDirectory(options, path, group));
  BPFRIG_ASSIGN_OR_RETURN(UnixListener listener, UnixListener::Listen(path, group));
  BPFRIG_ASSIGN_OR_RETURN(common::Fd tcp_listener, ClaimTcp(options.remote));
  BPFRIG_ASSIGN_OR_RETURN(const auto places, kernel_os::FindCgroupPlaces());
  absl::StatusOr<InstanceDirectory> instance = InstanceDirectory::Claim(places);
  if (!instance.ok()) return NameDoctor(instance.status());
  BPFRIG_ASSIGN_OR_RETURN(const uint32_t first_uid, ChooseFirstUid(options, instance->slot()));
  BPFRIG_ASSIGN_OR_RETURN(const MemoryLimits memory, ChooseMemoryLimits(options, instance->root()));
  return Host{.first_uid = first_uid,
              .directory = std::move(directory),
              .listener = std::move(listener),
              .tcp_listener = std::move(tcp_listener),
              .controllers = EnableControllers(*instance),
              .instance = *std::move(instance),
              .memory = memory,
              .run_statistics = TryRunStatistics()};
}

absl::Status Host::Release(bool all_ended) {
  tcp_listener.Close();
  absl::Status status = listener.Close();
  if (all_ended) {
    status.Update(instance.Remove(absl::Now() + kRemovePatience));
    const absl::Status restored = controllers.Restore(absl::Now() + kRemovePatience);
    // It is the next daemon's then, or another one's that needs it still.
    if (!restored.ok()) {
      base::LogInfo(absl::StrCat("leaving the daemon's own cgroup as it is: ", restored.message()));
    }
  } else {
    instance.Abandon();
  }
  run_statistics.Close();
  directory = RuntimeDirectory();
  return status;
}

absl::Status NameDoctor(const absl::Status& status) {
  if (status.ok()) return status;
  base::ErrorDetail detail = base::DetailOf(status);
  absl::StrAppend(&detail.hint, detail.hint.empty() ? "" : "; ",
                  "`bpfrigd doctor` with the same options says more");
  return base::WithDetail(status, detail);
}

std::string Explain(const absl::Status& status) {
  const std::string hint = base::DetailOf(status).hint;
  if (hint.empty()) return std::string(status.message());
  return absl::StrCat(status.message(), " (", hint, ")");
}

}  // namespace bpfrig::supervisor
