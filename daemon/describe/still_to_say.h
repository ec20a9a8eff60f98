// What a plan that loads an object would still have to say, in sentences that show how.
#pragma once

#include <string>
#include <vector>

#include "bpfrig/v1/description.pb.h"

namespace bpfrig::describe {

// Of a description that is complete but for this.
[[nodiscard]] std::vector<std::string> StillToSay(const v1::ObjectDescription& object);

}  // namespace bpfrig::describe
