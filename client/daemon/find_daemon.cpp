#include "client/daemon/find_daemon.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bpfrig::client::daemon {
namespace {

namespace fs = std::filesystem;

bool IsExecutable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

absl::StatusOr<std::string> FindDaemon(const std::string& given) {
  if (!given.empty()) {
    if (IsExecutable(given)) return given;
    return absl::NotFoundError(absl::StrCat("the daemon ", given, " is not an executable file"));
  }
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error && IsExecutable(self.parent_path() / "bpfrigd"))
    return (self.parent_path() / "bpfrigd").string();
  const char* path = std::getenv("PATH");
  for (absl::string_view directory : absl::StrSplit(path != nullptr ? path : "", ':', absl::SkipEmpty())) {
    const fs::path candidate = fs::path(std::string(directory)) / "bpfrigd";
    if (IsExecutable(candidate)) return candidate.string();
  }
  return absl::NotFoundError(absl::StrCat("there is no bpfrigd in ", self.parent_path().string(),
                                          " or in PATH; --daemon FILE names one"));
}

}  // namespace bpfrig::client::daemon
