// Socket options by the names that the headers give them.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace bpfrig::worker {

// What setsockopt() and getsockopt() take.
struct OptionNumber {
  int level = 0;
  int option = 0;
};

// `level` and `option` by name ("SOL_SOCKET", "SO_MARK") or as numbers; UNKNOWN_NAME for another word, with
// the field `level` or `option`.
[[nodiscard]] absl::StatusOr<OptionNumber> FindOption(const std::string& level, const std::string& option);

}  // namespace bpfrig::worker
