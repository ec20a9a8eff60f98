// Whose fault it is that something failed: a missing capability, a system call that is kept from the kernel,
// a security module. A cause that another finding names is not told twice: checks that it blocks are skipped.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/finding.h"

namespace bpfrig::doctor {

// What a check cannot work without.
struct Requirements {
  std::vector<int> capabilities;
  std::vector<std::string> calls;
  bool machine_user_namespace = false;
};

// Whether a filter, or the kernel, refuses the call. False if its capability is missing: that may be the only
// reason.
[[nodiscard]] bool IsRefused(const Facts& facts, const SystemCall& call);

// Why the check must fail; empty if nothing is known to be in its way.
[[nodiscard]] std::string WhyBlocked(const Facts& facts, const Requirements& requirements);

// Whether an AppArmor profile is enforced.
[[nodiscard]] bool IsConfinedByAppArmor(const Facts& facts);

// Adds the suspects: what may have refused with that error although the capabilities are there, and what to
// do about it. Adds nothing, and returns false, if there is no suspect.
bool AddSuspects(const Facts& facts, absl::string_view error, Finding& finding);

// The finding about something that was tried: `works` says what works, `purpose` what it is needed for.
[[nodiscard]] Finding JudgeAttempt(const Facts& facts, absl::string_view name, const Attempt& attempt,
                                   const Requirements& requirements, absl::string_view works,
                                   absl::string_view purpose);

[[nodiscard]] Finding Skip(absl::string_view name, absl::string_view why);

}  // namespace bpfrig::doctor
