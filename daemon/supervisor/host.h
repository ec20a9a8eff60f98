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
#include "daemon/kernel_os/instance_directory.h"
#include "daemon/kernel_os/unix_listener.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::supervisor {

// Uids of one daemon: the front's, then workers'.
inline constexpr uint32_t kUidsPerSlot = 4096;

// The capabilities that the daemon does not start without.
[[nodiscard]] std::vector<kernel_os::CapabilityNeed> NeededCapabilities(const Options& options);
// Whether the options leave room for the user ids of every slot.
[[nodiscard]] absl::Status CheckUids(const Options& options);

struct Host {
  // Checks what the process may do, and claims. The error says what is missing and how to get it.
  static absl::StatusOr<Host> Claim(const Options& options);

  // Gives all back, the sockets first.
  [[nodiscard]] absl::Status Release();

  // The front's uid; workers' follow.
  [[nodiscard]] uint32_t first_uid() const { return uid_base + instance.slot() * kUidsPerSlot; }

  uint32_t uid_base = 0;
  kernel_os::RuntimeDirectory directory;
  kernel_os::UnixListener listener;
  common::Fd tcp_listener;  // not open if nobody asked for TCP
  kernel_os::InstanceDirectory instance;
  common::Fd run_statistics;  // not open if this kernel does not count
};

// Adds to the remedy where to learn more.
[[nodiscard]] absl::Status NameDoctor(const absl::Status& status);

// The status's message, and its remedy if one is known.
[[nodiscard]] std::string Explain(const absl::Status& status);

}  // namespace bpfrig::supervisor
