// The daemon's messages name calls as the API does; whoever writes plans knows them as steps. For what the
// client shows of an error.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::rules {

// The text with each call's name as its step's: "RunProgram of o/p" is "run of o/p". What is quoted, or a
// part of a longer name, is somebody's own and stays.
[[nodiscard]] std::string InPlanWords(absl::string_view text);

}  // namespace bpfrig::rules
