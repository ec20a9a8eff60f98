// The names that callers choose, and the errors about names that are not there.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace bpfrig::worker {

// UNKNOWN_NAME, with the names that exist.
[[nodiscard]] absl::Status UnknownName(absl::string_view what, absl::string_view name,
                                       const std::vector<std::string>& existing);
// UNKNOWN_NAME, with the full names of all that are called so.
[[nodiscard]] absl::Status AmbiguousName(absl::string_view what, absl::string_view name,
                                         const std::vector<std::string>& full_names);
// DUPLICATE_NAME.
[[nodiscard]] absl::Status DuplicateName(absl::string_view what, absl::string_view name);

// The two halves of `object/name`; `object` is empty for a bare name.
struct QualifiedName {
  std::string object;
  std::string name;
};
[[nodiscard]] QualifiedName SplitName(absl::string_view name);

}  // namespace bpfrig::worker
