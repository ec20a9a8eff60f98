// What the project's programs say of options on a command line that are not as they should be.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace bpfrig::common {

// Of an argument such as `--tests=x` that is not an option. `known` are the options, "--test" and "-j";
// `program` is what has them: "bpfrig run".
[[nodiscard]] std::string UnknownOption(absl::string_view argument, const std::vector<std::string>& known,
                                        absl::string_view program);

// Of an option that was given `times` values, and takes one of that type ("FILE").
[[nodiscard]] std::string NotOneValue(absl::string_view option, size_t times, absl::string_view type);

}  // namespace bpfrig::common
