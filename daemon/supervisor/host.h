// Host: what a daemon holds of the machine while it lives: its cgroup directory and slot, its sockets, the
// run counts' switch. Claimed by the supervisor before it starts anything, and given back after all has
// ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/kernel_os/capabilities.h"
#include "daemon/kernel_os/cgroup_controllers.h"
#include "daemon/kernel_os/instance_directory.h"
#include "daemon/kernel_os/unix_listener.h"
#include "daemon/supervisor/memory_limits.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::supervisor {

// The capabilities that the daemon does not start without.
[[nodiscard]] std::vector<kernel_os::CapabilityNeed> NeededCapabilities(const Options& options);

struct Host {
  // Checks what the process may do, and claims. The error says what is missing and how to get it.
  static absl::StatusOr<Host> Claim(const Options& options);

  // Gives all back, the sockets first. If not all processes have ended, the next daemon removes the cgroups.
  [[nodiscard]] absl::Status Release(bool all_ended);

  // The front's uid; workers' follow.
  uint32_t first_uid = 0;
  kernel_os::RuntimeDirectory directory;
  kernel_os::UnixListener listener;
  common::Fd tcp_listener;                   // not open if nobody asked for TCP
  kernel_os::CgroupControllers controllers;  // undone after the instance's directory is gone
  kernel_os::InstanceDirectory instance;
  MemoryLimits memory;
  common::Fd run_statistics;  // not open if this kernel does not count
};

// Adds to the remedy where to learn more.
[[nodiscard]] absl::Status NameDoctor(const absl::Status& status);

// The status's message, and its remedy if one is known.
[[nodiscard]] std::string Explain(const absl::Status& status);

}  // namespace bpfrig::supervisor
