#include "daemon/worker/objects/map_memory.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/format_bytes.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/ipc/map_memory.h"
#include "daemon/kernel_os/limits.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using common::FormatBytes;
using kernel_bpf::MapCost;

constexpr int kMaxOomScore = 1000;

// Sizes can be as large as numbers get.
uint64_t Add(uint64_t left, uint64_t right) {
  uint64_t sum = 0;
  return __builtin_add_overflow(left, right, &sum) ? UINT64_MAX : sum;
}

uint64_t Sum(const std::vector<MapCost>& maps) {
  uint64_t sum = 0;
  for (const MapCost& map : maps) sum = Add(sum, map.bytes);
  return sum;
}

// `held` is what the others take that count for the limit: `whose` says whose all of them are.
absl::Status TooMuch(const std::vector<MapCost>& maps, uint64_t held, absl::string_view whose, uint64_t limit,
                     absl::string_view flag) {
  const MapCost& largest =
      *std::max_element(maps.begin(), maps.end(),
                        [](const MapCost& left, const MapCost& right) { return left.bytes < right.bytes; });
  absl::Status status = MakeError(
      Reason::kLimitReached,
      absl::StrCat("making map ", largest.map, " of ", FormatBytes(largest.bytes), ": with it ", whose,
                   " would take ", FormatBytes(Add(held, Sum(maps))), ", and may take ", FormatBytes(limit)));
  status = base::WithObject(status, largest.map);
  status =
      base::WithHint(status, absl::StrCat("give the map fewer entries (maps: [{map: ", largest.map,
                                          ", max_entries: N}]), or start the daemon with a larger ", flag));
  return base::WithField(status, largest.field.empty() ? "object" : largest.field);
}

}  // namespace

MapReservation::~MapReservation() {
  if (memory_ != nullptr) memory_->Release(bytes_);
}

MapMemory::MapMemory(MapMemoryLimits limits, common::Fd supervisor)
    : limits_(limits), supervisor_(std::move(supervisor)), first_oom_score_(kernel_os::OwnOomScore()) {}

absl::StatusOr<MapReservation> MapMemory::Reserve(const std::vector<MapCost>& maps) {
  const uint64_t bytes = Sum(maps);
  if (bytes == 0) return MapReservation();
  if (bytes > limits_.sandbox || used_ > limits_.sandbox - bytes) {
    return TooMuch(maps, used_, "this sandbox's maps", limits_.sandbox, kMaxMapMemoryFlag);
  }
  uint64_t others = 0;
  BPFRIG_ASSIGN_OR_RETURN(const bool granted, AskSupervisor(used_ + bytes, others));
  if (!granted) {
    return TooMuch(maps, used_ + others, "the maps of all sandboxes", limits_.total, kMaxTotalMapMemoryFlag);
  }
  Use(used_ + bytes);
  return MapReservation(*this, bytes);
}

// The answer comes at once, unless the supervisor is busy with starting a process.
absl::StatusOr<bool> MapMemory::AskSupervisor(uint64_t bytes, uint64_t& others) {
  if (!supervisor_.IsOpen()) return true;
  const ipc::MapMemoryRequest request{.bytes = bytes};
  if (TEMP_FAILURE_RETRY(::send(supervisor_.Get(), &request, sizeof(request), MSG_NOSIGNAL)) < 0) {
    return base::ErrnoError("asking the supervisor for map memory");
  }
  ipc::MapMemoryAnswer answer;
  const ssize_t count = TEMP_FAILURE_RETRY(::recv(supervisor_.Get(), &answer, sizeof(answer), 0));
  if (count < 0) return base::ErrnoError("asking the supervisor for map memory");
  if (count != sizeof(answer)) {
    return MakeError(Reason::kSandboxClosed, "asking the supervisor for map memory: it is gone");
  }
  others = answer.others;
  return answer.granted == 1;
}

// Map memory is not in the figures by which the kernel chooses whom to kill when memory is short. So a worker
// says it itself: the more its maps hold, the sooner it is chosen.
void MapMemory::Use(uint64_t bytes) {
  used_ = bytes;
  const double part = static_cast<double>(used_) / static_cast<double>(limits_.total);
  kernel_os::SetOwnOomScore(first_oom_score_ + static_cast<int>((kMaxOomScore - first_oom_score_) * part));
}

void MapMemory::Release(uint64_t bytes) {
  Use(used_ - bytes);
  uint64_t others = 0;
  const absl::Status told = AskSupervisor(used_, others).status();
  // A supervisor that is gone has no sum to keep.
  if (!told.ok()) base::LogDebug(told.message());
}

}  // namespace bpfrig::worker
