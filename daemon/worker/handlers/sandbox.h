// Sandbox: all that one sandbox holds: its BPF objects and their links, its servers and connections. The
// handlers work on it; there is one in a worker, and it goes with the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/fd.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/policy/load_policy.h"
#include "daemon/kernel_os/netlink.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/objects/link_table.h"
#include "daemon/worker/objects/map_memory.h"
#include "daemon/worker/objects/object_store.h"
#include "daemon/worker/objects/value_proto.h"
#include "daemon/worker/traffic/traffic.h"

namespace bpfrig::worker {

// What the supervisor decided.
struct SandboxSettings {
  // The sandbox's own cgroup directory.
  common::Fd cgroup;
  // Whether somebody holds BPF_ENABLE_STATS.
  bool runs_counted = false;
  // What may load.
  kernel_bpf::LoadPolicy policy;
  MapMemoryLimits map_memory;
  common::Fd map_memory_socket;
  std::string cgroup_obstacle;
};

class Sandbox {
 public:
  // `netlink` sets up the network.
  Sandbox(Loop& loop, kernel_os::Netlink netlink, SandboxSettings settings)
      : loop_(loop),
        netlink_(std::move(netlink)),
        runs_counted_(settings.runs_counted),
        policy_(std::move(settings.policy)),
        cgroup_obstacle_(std::move(settings.cgroup_obstacle)),
        map_memory_(settings.map_memory, std::move(settings.map_memory_socket)),
        traffic_(loop, [this] { return links_.WatchesSocketCalls(); }),
        links_(std::move(settings.cgroup)) {}

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] bool runs_counted() const { return runs_counted_; }
  [[nodiscard]] const kernel_bpf::LoadPolicy& policy() const { return policy_; }
  // Why the sandbox's cgroup has no limits of the kernel, or not all; empty if it has.
  [[nodiscard]] const std::string& cgroup_obstacle() const { return cgroup_obstacle_; }
  [[nodiscard]] MapMemory& map_memory() { return map_memory_; }
  [[nodiscard]] Traffic& traffic() { return traffic_; }
  [[nodiscard]] ObjectStore& objects() { return objects_; }
  [[nodiscard]] LinkTable& links() { return links_; }
  // For values that refer to what is here. Borrows from this.
  [[nodiscard]] ValueResolver values() const { return ValueResolver(traffic_, objects_, numbers_); }

  // The one netlink socket that a worker has; null once the sandbox is open.
  [[nodiscard]] kernel_os::Netlink* netlink() { return netlink_ ? &*netlink_ : nullptr; }

  // Set by OpenSandbox.
  void set_numbers(const SandboxNumbers& numbers) { numbers_ = numbers; }

  // Set by OpenSandbox and CloseSandbox.
  [[nodiscard]] bool is_open() const { return is_open_; }
  void set_open() {
    netlink_.reset();
    is_open_ = true;
  }
  [[nodiscard]] bool is_closed() const { return is_closed_; }
  void set_closed() { is_closed_ = true; }

 private:
  Loop& loop_;  // outlives this
  std::optional<kernel_os::Netlink> netlink_;
  const bool runs_counted_;
  const kernel_bpf::LoadPolicy policy_;
  const std::string cgroup_obstacle_;
  MapMemory map_memory_;  // of objects_
  bool is_open_ = false;
  bool is_closed_ = false;
  SandboxNumbers numbers_;
  Traffic traffic_;
  ObjectStore objects_;
  LinkTable links_;  // refers to programs of objects_
};

}  // namespace bpfrig::worker
