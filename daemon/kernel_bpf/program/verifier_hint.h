// What a refusal by the kernel most likely means, and what to do about it: a table of phrases of the
// verifier's log and of libbpf's output. BpfObject::Load asks it for Rejected::hint.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// What is known about this process and its kernel, to tell the causes of an EPERM apart.
struct LoadSituation {
  bool has_cap_bpf = true;
  bool has_cap_perfmon = true;
  bool has_cap_net_admin = true;
  // Whether maps and programs count against RLIMIT_MEMLOCK (before 5.11).
  bool memlock_counts = false;
};

// Of this process.
[[nodiscard]] LoadSituation CurrentSituation();

struct Refusal {
  int error_number = 0;  // positive
  // Whether it was a map that was refused.
  bool is_map = false;
  // "hash", "sk_storage"; of the refused map.
  absl::string_view map_type;
  // Whether the kernel has no maps of that type at all.
  bool lacks_map_type = false;
  // What of its sizes is 0, in a plan's words: "key_size, max_entries".
  std::string map_unset;
  absl::string_view verifier_log;
  absl::string_view libbpf_output;
};

// One or two sentences; empty if nothing is known.
[[nodiscard]] std::string HintFor(const Refusal& refusal, const LoadSituation& situation);

}  // namespace bpfrig::kernel_bpf
