#include "daemon/supervisor/memory_limits.h"

#include <algorithm>

#include "daemon/base/status.h"
#include "daemon/kernel_os/limits.h"

namespace bpfrig::supervisor {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kDefaultMaps = 1024 * kMebibyte;
// What a worker needs beside its maps: an object of 64 MiB and its copies, verifier's logs, what ends keep of
// what they receive.
constexpr uint64_t kBesideMaps = 512 * kMebibyte;
// A worker is one thread; sanitizers have one of their own.
constexpr uint32_t kMaxProcesses = 16;

}  // namespace

MemoryLimits MemoryLimitsFor(const Options& options, uint64_t memory) {
  MemoryLimits limits;
  // The rest is for the front, and for what sandboxes need beside maps.
  limits.all_maps = options.max_total_map_memory != 0 ? options.max_total_map_memory : memory / 4 * 3;
  limits.maps =
      options.max_map_memory != 0 ? options.max_map_memory : std::min(kDefaultMaps, limits.all_maps);
  limits.sandbox = options.max_sandbox_memory != 0 ? options.max_sandbox_memory : limits.maps + kBesideMaps;
  return limits;
}

absl::StatusOr<MemoryLimits> ChooseMemoryLimits(const Options& options, int cgroup) {
  BPFRIG_ASSIGN_OR_RETURN(const uint64_t memory, kernel_os::MemoryFor(cgroup));
  return MemoryLimitsFor(options, memory);
}

kernel_os::CgroupLimits SandboxCgroupLimits(const MemoryLimits& limits,
                                            const kernel_os::CgroupControllers& controllers) {
  kernel_os::CgroupLimits result;
  if (controllers.Has(kMemoryController)) result.memory_bytes = limits.sandbox;
  if (controllers.Has(kProcessesController)) result.processes = kMaxProcesses;
  return result;
}

}  // namespace bpfrig::supervisor
