#include "daemon/kernel_os/capabilities.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_os {

using base::ErrnoError;
using base::MakeError;
using base::Reason;
using base::WithHint;

int LastCapability() { return static_cast<int>(::cap_max_bits()) - 1; }

std::string CapabilityName(int capability) {
  const std::unique_ptr<char, int (*)(void*)> name(::cap_to_name(capability), &::cap_free);
  return name == nullptr ? absl::StrCat("capability ", capability) : absl::AsciiStrToUpper(name.get());
}

absl::StatusOr<CapabilitySet> CapabilitySet::OfThisProcess() {
  const std::unique_ptr<_cap_struct, int (*)(void*)> set(::cap_get_proc(), &::cap_free);
  if (set == nullptr) return ErrnoError("reading this process's capabilities");
  uint64_t bits = 0;
  for (int capability = 0; capability <= LastCapability(); ++capability) {
    cap_flag_value_t value = CAP_CLEAR;
    if (::cap_get_flag(set.get(), capability, CAP_EFFECTIVE, &value) != 0) {
      return ErrnoError(absl::StrCat("reading ", CapabilityName(capability)));
    }
    if (value == CAP_SET) bits |= uint64_t{1} << capability;
  }
  return CapabilitySet(bits);
}

absl::Status CheckCapabilities(const CapabilitySet& set, const std::vector<CapabilityNeed>& needs,
                               int last_capability) {
  std::vector<std::string> missing;
  std::vector<std::string> to_add;
  for (const CapabilityNeed& need : needs) {
    const std::string name = CapabilityName(need.capability);
    if (need.capability > last_capability) {
      return MakeError(Reason::kUnsupported, absl::StrCat("this kernel does not know ", name, ", needed for ",
                                                          need.purpose, ": Linux 5.8 or newer is needed"));
    }
    if (set.Has(need.capability)) continue;
    missing.push_back(absl::StrCat(name, " for ", need.purpose));
    to_add.push_back(name.substr(4));  // without CAP_, as container tools write it
  }
  if (missing.empty()) return absl::OkStatus();
  absl::Status status = MakeError(Reason::kUnsupported, absl::StrCat("needs ", absl::StrJoin(missing, ", ")));
  return WithHint(status, absl::StrCat("run as root, or in a container with cap_add: [",
                                       absl::StrJoin(to_add, ", "), "]"));
}

}  // namespace bpfrig::kernel_os
