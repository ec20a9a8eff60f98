// The capabilities of this process: read once by the supervisor, which says what is missing before it starts
// anything.
#pragma once

#include <sys/capability.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_os {

// The highest capability that the running kernel knows.
[[nodiscard]] int LastCapability();

// "CAP_SYS_ADMIN".
[[nodiscard]] std::string CapabilityName(int capability);

// A set of capabilities that are effective.
class CapabilitySet {
 public:
  // What this process has.
  static absl::StatusOr<CapabilitySet> OfThisProcess();
  // A bit for each capability.
  explicit CapabilitySet(uint64_t bits) : bits_(bits) {}

  [[nodiscard]] bool Has(int capability) const { return (bits_ >> capability & 1) != 0; }

 private:
  uint64_t bits_;
};

// A capability, and what it is for: "making network namespaces".
struct CapabilityNeed {
  int capability = 0;
  absl::string_view purpose;
};

// OK if the set has them all. The error names those that are missing, what for, and how to get them.
// `last_capability` is the kernel's: nobody can have one that it does not know.
[[nodiscard]] absl::Status CheckCapabilities(const CapabilitySet& set,
                                             const std::vector<CapabilityNeed>& needs, int last_capability);

}  // namespace bpfrig::kernel_os
