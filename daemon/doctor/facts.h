// Facts: what the doctor found out about the place where the daemon will run, before any conclusion. Gather
// fills it in by trying; Judge reads it, and so do tests with invented facts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/kernel_bpf/libbpf/features.h"
#include "daemon/kernel_os/capabilities.h"

namespace bpfrig::doctor {

// Something that was tried, or not.
struct Attempt {
  bool tried = false;
  // The errno by name; empty if there was none.
  std::string error;
  // What failed and why; empty if it worked.
  std::string message;
  std::string hint;

  [[nodiscard]] bool Worked() const { return tried && message.empty(); }
  [[nodiscard]] bool Failed() const { return tried && !message.empty(); }
};

[[nodiscard]] Attempt Tried(const absl::Status& status);

// Ids of a user namespace, both included.
struct IdRange {
  uint64_t first = 0;
  uint64_t last = 0;
};

// A system call that the daemon makes, tried with arguments with which it does nothing.
struct SystemCall {
  std::string name;
  // Without it the kernel, or a container's usual seccomp profile, refuses the call; -1 for none.
  int capability = -1;
  // The first Linux that has it.
  std::string since;
  // EPERM, EACCES, ENOSYS, or SIGSYS if it killed; empty if the call reached the kernel.
  std::string refusal;
};

// A place of kernel_os::CgroupPlaces, and what came of it.
struct CgroupTry {
  std::string place;
  bool own_mount = false;
  Attempt claimed;
};

// What the doctor does as a worker would: in a process born in its own cgroup and network namespace, with a
// worker's user and capabilities.
struct TrialFacts {
  Attempt loopback;
  Attempt map;
  Attempt large_map;
  Attempt program;
  Attempt link;
  Attempt kernel_read;
  Attempt filter;
  std::vector<kernel_bpf::Feature> features;
};

struct SocketFacts {
  std::string address;
  Attempt usable;
  // Whether somebody answers there, and the process if it can be seen from here (else 0).
  bool served = false;
  pid_t server = 0;
  // For --group: whether there is a group of that name, and whether giving it the socket takes CAP_CHOWN.
  Attempt group;
  bool needs_chown = false;
  // --listen-tcp; empty for none. The attempt is about all options for callers from elsewhere.
  std::string tcp_address;
  Attempt tcp;
};

struct Facts {
  // The process.
  uid_t uid = 0;
  bool machine_user_namespace = true;
  std::vector<IdRange> uids;
  std::vector<IdRange> gids;
  Attempt uid_base;
  // Of the range that this daemon would use: its first id, and how many.
  uint32_t first_uid = 0;
  uint32_t uid_count = 0;
  kernel_os::CapabilitySet capabilities{0};
  kernel_os::CapabilitySet bounding{0};
  int last_capability = 0;
  std::vector<kernel_os::CapabilityNeed> needs;
  std::vector<int> worker_capabilities;
  bool perfmon = true;
  // What may refuse even with the capability.
  bool seccomp_filter = false;
  std::vector<SystemCall> calls;
  std::string apparmor;  // the profile and its mode; empty if there is none
  std::string selinux;   // the context; empty if there is none
  std::string lockdown;  // "none", "integrity", "confidentiality"; empty if it cannot be read
  bool memlock_unlimited = true;
  // The kernel.
  std::string release;
  Attempt btf;
  // Which processors there may be, read from /sys.
  Attempt possible_cpus;
  // cgroups.
  std::string cgroup_layout;
  bool has_net_cls = false;  // net_cls or net_prio is mounted
  std::vector<CgroupTry> cgroup_tries;
  bool has_cgroup_kill = false;
  Attempt cgroup_removed;
  // Processes.
  Attempt worker;
  Attempt front;
  TrialFacts trial;
  Attempt run_counts;
  SocketFacts socket;
};

}  // namespace bpfrig::doctor
