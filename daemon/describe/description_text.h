// A description for people: a line for each program, map and global variable.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"

namespace bpfrig::describe {

// `object` is what it is called.
[[nodiscard]] std::string DescriptionText(absl::string_view object, const v1::ObjectDescription& description);

}  // namespace bpfrig::describe
