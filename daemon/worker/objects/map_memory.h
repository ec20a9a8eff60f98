// MapMemory: how much kernel memory the maps of this sandbox may take, summed up before they are made. The
// limit over all sandboxes is the supervisor's to keep, which is asked. Owned by Sandbox; LoadProgram
// reserves, and what it got goes with the object.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/kernel_bpf/map/map_memory.h"

namespace bpfrig::worker {

// The operator's flags for them.
inline constexpr char kMaxMapMemoryFlag[] = "--max-map-memory";
inline constexpr char kMaxTotalMapMemoryFlag[] = "--max-total-map-memory";

// In bytes.
struct MapMemoryLimits {
  uint64_t sandbox = UINT64_MAX;
  uint64_t total = UINT64_MAX;
};

class MapMemory;

// A part of the sum, given back at its end.
class MapReservation {
 public:
  // Of nothing.
  MapReservation() = default;
  ~MapReservation();
  MapReservation(MapReservation&& other) noexcept { Swap(other); }
  MapReservation& operator=(MapReservation&& other) noexcept {
    Swap(other);
    return *this;
  }

 private:
  friend class MapMemory;
  MapReservation(MapMemory& memory, uint64_t bytes) : memory_(&memory), bytes_(bytes) {}
  void Swap(MapReservation& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
  }

  MapMemory* memory_ = nullptr;  // outlives this
  uint64_t bytes_ = 0;
};

class MapMemory {
 public:
  // Without a socket (ipc/map_memory.h) nobody else's maps count.
  MapMemory(MapMemoryLimits limits, common::Fd supervisor);
  MapMemory(const MapMemory&) = delete;
  MapMemory& operator=(const MapMemory&) = delete;

  [[nodiscard]] const MapMemoryLimits& limits() const { return limits_; }
  // LIMIT_REACHED if the maps are too much for one of the limits; the error names the largest, the limit and
  // its flag. Waits for the supervisor.
  [[nodiscard]] absl::StatusOr<MapReservation> Reserve(const std::vector<kernel_bpf::MapCost>& maps);

 private:
  friend class MapReservation;
  // Whether the supervisor grants so much, and what the maps of other sandboxes take.
  [[nodiscard]] absl::StatusOr<bool> AskSupervisor(uint64_t bytes, uint64_t& others);
  void Use(uint64_t bytes);
  void Release(uint64_t bytes);

  const MapMemoryLimits limits_;
  const common::Fd supervisor_;
  const int first_oom_score_;
  uint64_t used_ = 0;
};

}  // namespace bpfrig::worker
