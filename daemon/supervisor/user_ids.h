// The user ids of one daemon: a range of its own, so that no process of another one may signal or trace its
// own. Daemons in two containers cannot see each other, and so cannot agree: each takes a range at random.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::supervisor {

// The ids of one daemon: the front's, then workers'.
inline constexpr uint32_t kUidsPerSlot = 4096;
// The ids that ranges are taken from at random: nobody's, says systemd's list of who uses which (its page
// "Users, Groups, UIDs and GIDs"). Two daemons take the same of the 65,535 ranges once in 65,535 times, and
// of 20 daemons on one machine some two once in 345.
inline constexpr uint32_t kFirstRandomUid = 0x70000000;
inline constexpr uint32_t kRandomRanges = 0xffff;

// Whether --uid-base leaves room for the user ids of every slot.
[[nodiscard]] absl::Status CheckUids(const Options& options);

// The first id for the daemon in that slot: from --uid-base on a range for each slot, or else one at random.
[[nodiscard]] absl::StatusOr<uint32_t> ChooseFirstUid(const Options& options, uint32_t slot);

}  // namespace bpfrig::supervisor
