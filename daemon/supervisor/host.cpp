#include "daemon/supervisor/host.h"

#include <limits>
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

namespace bpfrig::supervisor {
namespace {

using base::MakeError;
using base::Reason;
using kernel_os::CapabilityNeed;
using kernel_os::InstanceDirectory;
using kernel_os::RuntimeDirectory;
using kernel_os::UnixListener;

constexpr absl::Duration kRemovePatience = absl::Seconds(10);

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

absl::Status CheckUids(const Options& options) {
  constexpr uint64_t kAllSlots = uint64_t{kernel_os::kMaxSlots} * kUidsPerSlot;
  // The last number stands for "none".
  if (options.uid_base != 0 && options.uid_base + kAllSlots < std::numeric_limits<uint32_t>::max()) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kOutOfRange, absl::StrCat("--uid-base ", options.uid_base, ": leaves no room for ",
                                                     kAllSlots, " user ids above root's"));
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
  return Host{.uid_base = options.uid_base,
              .directory = std::move(directory),
              .listener = std::move(listener),
              .tcp_listener = std::move(tcp_listener),
              .instance = *std::move(instance),
              .run_statistics = TryRunStatistics()};
}

absl::Status Host::Release() {
  tcp_listener.Close();
  absl::Status status = listener.Close();
  status.Update(instance.Remove(absl::Now() + kRemovePatience));
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
