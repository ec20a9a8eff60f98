// `bpfrig info`.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "client/command/commands.h"
#include "client/command/daemon_session.h"
#include "client/command/exit_code.h"
#include "common/format_bytes.h"

namespace bpfrig::client::command {
namespace {

// A daemon that is older than these fields does not send them.
void PrintMemory(const bpfrig::v1::GetInfoResponse& info) {
  if (!info.has_cgroups()) return;
  const bpfrig::v1::CgroupInfo& cgroups = info.cgroups();
  std::cout << "map memory at most " << common::FormatBytes(info.max_map_memory_bytes()) << " for a sandbox, "
            << common::FormatBytes(info.max_total_map_memory_bytes()) << " for all\n"
            << "cgroups    in " << cgroups.directory();
  if (cgroups.max_memory_bytes() != 0) {
    std::cout << ", each with at most " << common::FormatBytes(cgroups.max_memory_bytes())
              << " of memory (memory.max)";
  }
  if (cgroups.max_processes() != 0) {
    std::cout << ", each with at most " << cgroups.max_processes() << " processes (pids.max)";
  }
  if (!cgroups.obstacle().empty()) std::cout << "; not limited: " << cgroups.obstacle();
  std::cout << "\n";
}

}  // namespace

int PrintInfo(const DaemonOptions& options) {
  absl::StatusOr<std::unique_ptr<DaemonSession>> session = DaemonSession::Open(options);
  if (!session.ok()) return Fail(session.status());
  const bpfrig::v1::GetInfoResponse& info = (*session)->info();
  std::cout << absl::StreamFormat("bpfrigd    %s\n", info.version())
            << absl::StreamFormat("kernel     %s %s\n", info.kernel_release(), info.machine())
            << absl::StreamFormat("libbpf     %s\n", info.libbpf_version())
            << absl::StreamFormat("CPUs       %d\n", info.possible_cpus())
            << absl::StreamFormat("sandboxes  %d open, at most %d; %d ready\n", info.open_sandboxes(),
                                  info.max_sandboxes(), info.spare_sandboxes())
            << (info.stuck_sandboxes() == 0
                    ? ""
                    : absl::StrFormat("           %d ended, with a program that still runs in the kernel\n",
                                      info.stuck_sandboxes()))
            << absl::StreamFormat("objects    at most %d bytes\n", info.max_object_bytes());
  PrintMemory(info);
  std::cout << "features\n";
  size_t width = 0;
  for (const auto& feature : info.features()) width = std::max(width, feature.name().size());
  for (const auto& feature : info.features()) {
    std::cout << absl::StreamFormat("  %-3s %-*s  %s", feature.supported() ? "yes" : "no",
                                    static_cast<int>(width), feature.name(), feature.description());
    if (!feature.detail().empty()) std::cout << " (" << feature.detail() << ")";
    std::cout << "\n";
  }
  if (absl::Status status = (*session)->Close(); !status.ok()) {
    std::cerr << "bpfrig: " << status.message() << "\n";
    return kRigFailed;
  }
  return kAllPassed;
}

}  // namespace bpfrig::client::command
