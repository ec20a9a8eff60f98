#include "tests/guests/find_program.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bpfrig::tests {

absl::StatusOr<std::filesystem::path> FindProgram(const std::string& name) {
  const char* own = std::getenv("PATH");
  const std::string folders = absl::StrCat(own == nullptr ? "" : own, ":/usr/bin:/bin:/usr/sbin:/sbin");
  for (const absl::string_view folder : absl::StrSplit(folders, ':', absl::SkipEmpty())) {
    std::filesystem::path path = std::filesystem::path(std::string(folder)) / name;
    if (std::filesystem::exists(path)) return path;
  }
  return absl::NotFoundError(absl::StrCat("there is no ", name, ", which tests use"));
}

}  // namespace bpfrig::tests
