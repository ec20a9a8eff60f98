// An error reason by the name that plans and reports use.
#pragma once

#include <string>

#include "bpfrig/v1/error.pb.h"

namespace bpfrig::rules {

// Without its prefix: "UNKNOWN_NAME"; "reason 99" for a number that this build does not know.
[[nodiscard]] std::string ReasonName(v1::ErrorReason reason);

}  // namespace bpfrig::rules
