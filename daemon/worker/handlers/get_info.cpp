// GetInfo: what this kernel lets a worker do, found out by doing it here.
#include <net/if.h>
#include <sys/utsname.h>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/features.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_os/cgroup.h"
#include "daemon/kernel_os/file.h"
#include "daemon/kernel_os/netns.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using bpfrig::v1::Feature;
using bpfrig::v1::GetInfoResponse;

void AddFeature(const std::string& name, const absl::Status& probed, const std::string& description,
                GetInfoResponse& response) {
  Feature& feature = *response.add_features();
  feature.set_name(name);
  feature.set_supported(probed.ok());
  if (!probed.ok()) feature.set_detail(std::string(probed.message()));
  feature.set_description(description);
}

void AddKernelFeatures(GetInfoResponse& response) {
  for (const kernel_bpf::Feature& probed : kernel_bpf::ProbeFeatures(::if_nametoindex("lo"))) {
    Feature& feature = *response.add_features();
    feature.set_name(probed.name);
    feature.set_supported(probed.supported);
    feature.set_detail(probed.detail);
    feature.set_description(probed.description);
  }
}

// Of the sandbox in which this is asked; all have the same. Read, not remembered: what is there holds.
void AddLimits(Sandbox& sandbox, GetInfoResponse& response) {
  response.set_max_map_memory_bytes(sandbox.map_memory().limits().sandbox);
  response.set_max_total_map_memory_bytes(sandbox.map_memory().limits().total);
  const kernel_os::CgroupLimits limits = kernel_os::ReadLimits(sandbox.links().cgroup());
  bpfrig::v1::CgroupInfo& cgroups = *response.mutable_cgroups();
  cgroups.set_directory(kernel_os::DirectoryOf(kernel_os::PathOf(sandbox.links().cgroup())));
  cgroups.set_max_memory_bytes(limits.memory_bytes);
  cgroups.set_max_processes(limits.processes);
  cgroups.set_obstacle(sandbox.cgroup_obstacle());
}

// Without these no sandbox is of use: the daemon asks here when it starts, and then does not serve.
absl::Status TryEssentials(Sandbox& sandbox) {
  const kernel_bpf::Essentials essentials = kernel_bpf::TryEssentials(sandbox.links().cgroup());
  BPFRIG_RETURN_IF_ERROR(essentials.map);
  BPFRIG_RETURN_IF_ERROR(essentials.program);
  return essentials.link;
}

}  // namespace

absl::Status HandleGetInfo(Sandbox& sandbox, const bpfrig::v1::GetInfoRequest& /*request*/,
                           GetInfoResponse& response) {
  BPFRIG_RETURN_IF_ERROR(TryEssentials(sandbox));
  utsname names{};
  if (::uname(&names) != 0) return base::ErrnoError("asking for the kernel's version");
  response.set_version(BPFRIG_VERSION);
  response.set_kernel_release(names.release);
  response.set_machine(names.machine);
  response.set_libbpf_version(kernel_bpf::LibbpfVersion());
  BPFRIG_ASSIGN_OR_RETURN(const uint32_t cpus, kernel_bpf::PossibleCpus());
  response.set_possible_cpus(cpus);
  AddLimits(sandbox, response);
  AddKernelFeatures(response);
  AddFeature("ipv6", kernel_os::TryIpv6(), "There are IPv6 sockets and addresses.", response);
  AddFeature("netns_cookie", NetnsCookieOf(sandbox.links().cgroup()).status(),
             "The sandbox's network namespace can be named as BPF programs see it (!netns_cookie).",
             response);
  const absl::Status counted =
      sandbox.runs_counted()
          ? absl::OkStatus()
          : base::MakeError(base::Reason::kUnsupported, "the daemon could not enable BPF_ENABLE_STATS");
  AddFeature("run_counts", counted, "The kernel counts how often each program runs.", response);
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
