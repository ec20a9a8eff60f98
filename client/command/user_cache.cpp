#include "client/command/user_cache.h"

#include <unistd.h>

#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/cache_directory.h"
#include "common/read_file.h"

namespace bpfrig::client::command {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = size_t{16} << 20;

}  // namespace

UserCache UserCache::FromEnvironment() { return UserCache(common::CacheDirectory()); }

std::vector<std::string> UserCache::Read(const std::string& name) const {
  if (folder_.empty()) return {};
  const absl::StatusOr<std::string> text = common::ReadFile(folder_ / name, kMaxFile);
  if (!text.ok()) return {};
  return absl::StrSplit(*text, '\n', absl::SkipEmpty());
}

bool UserCache::Write(const std::string& name, const std::vector<std::string>& lines) const {
  if (folder_.empty()) return false;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return false;
  const fs::path written = folder_ / absl::StrCat(name, ".", getpid());
  {
    std::ofstream file(written);
    file << absl::StrJoin(lines, "\n") << "\n";
    if (!file.flush()) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) fs::rename(written, folder_ / name, error);
  if (!error) return true;
  std::error_code ignored;
  fs::remove(written, ignored);
  return false;
}

}  // namespace bpfrig::client::command
