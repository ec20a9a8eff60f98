#include "proto/rules/reason_name.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace bpfrig::rules {

std::string ReasonName(v1::ErrorReason reason) {
  const std::string& name = v1::ErrorReason_Name(reason);
  if (name.empty()) return absl::StrCat("reason ", static_cast<int>(reason));
  return std::string(absl::StripPrefix(name, "ERROR_REASON_"));
}

}  // namespace bpfrig::rules
