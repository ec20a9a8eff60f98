// How an operator grants what is missing: lines for the report, one for each way to run a daemon.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::doctor {

using Lines = std::vector<std::string>;

// `names` are such as "CAP_BPF".
[[nodiscard]] Lines CapabilityRemedies(const std::vector<std::string>& names);
// `calls` are names of system calls.
[[nodiscard]] Lines SeccompRemedies(const std::vector<std::string>& calls);
[[nodiscard]] Lines AppArmorRemedies();
[[nodiscard]] Lines SelinuxRemedies();
[[nodiscard]] Lines RootRemedies();
[[nodiscard]] Lines UserNamespaceRemedies();
[[nodiscard]] Lines MemlockRemedies();

// "needed for making sandboxes".
[[nodiscard]] std::string NeededFor(absl::string_view purpose);

void Append(Lines& lines, const Lines& more);

}  // namespace bpfrig::doctor
