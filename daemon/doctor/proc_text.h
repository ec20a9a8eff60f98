// What the text of files under /proc and /sys says. Gather reads the files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "daemon/doctor/facts.h"

namespace bpfrig::doctor {

// The ids that exist, of /proc/self/uid_map or gid_map; ranges that touch are joined.
[[nodiscard]] std::vector<IdRange> ParseIdMap(absl::string_view id_map);
[[nodiscard]] bool Covers(const std::vector<IdRange>& ranges, uint64_t first, uint64_t last);

// Whether a filter is active, of /proc/self/status.
[[nodiscard]] bool HasSeccompFilter(absl::string_view status);

// Puts a label of /proc/self/attr into the facts, as that of the security module it belongs to.
void ClassifyLabel(absl::string_view label, Facts& facts);

// "integrity" of "none [integrity] confidentiality"; empty if nothing is chosen.
[[nodiscard]] std::string ParseLockdown(absl::string_view lockdown);

// "v1", "v2", "hybrid" or "none", of /proc/self/mountinfo.
[[nodiscard]] std::string CgroupLayout(absl::string_view mountinfo);
// Whether it shows a mount of the v1 controllers net_cls or net_prio.
[[nodiscard]] bool HasNetCls(absl::string_view mountinfo);

// Whether a kernel's release, "6.1.0-18-amd64", is older than a version, "5.14".
[[nodiscard]] bool IsOlder(absl::string_view release, absl::string_view version);

}  // namespace bpfrig::doctor
