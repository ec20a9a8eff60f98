// What this kernel lets this process do with BPF, found out by doing it. GetInfo and a plan's `requires:` use
// it. It takes some milliseconds; call it in a process that has a worker's capabilities.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace bpfrig::kernel_bpf {

struct Feature {
  // "sockmap_link".
  std::string name;
  bool supported = false;
  // The errno by name, or the reason; empty if supported.
  std::string detail;
  // One sentence: what it is good for.
  std::string description;
};

// In a fixed order. `interface_index` is any interface of the process's netns (lo: 1), which is asked about
// tcx.
[[nodiscard]] std::vector<Feature> ProbeFeatures(unsigned interface_index);

// What every sandbox needs, each done once with the smallest of programs.
struct Essentials {
  absl::Status map;
  // A map that would not fit into RLIMIT_MEMLOCK, if that is low: before Linux 5.11 maps count against it.
  absl::Status large_map;
  absl::Status program;
  // Attaching that program to a cgroup.
  absl::Status link;
};
// `cgroup` is an open directory.
[[nodiscard]] Essentials TryEssentials(int cgroup);

// Loads a program that calls bpf_probe_read_kernel, which takes CAP_PERFMON; sandboxes work without it.
[[nodiscard]] absl::Status TryKernelRead();

// libbpf's own version: "1.1".
[[nodiscard]] std::string LibbpfVersion();

}  // namespace bpfrig::kernel_bpf
