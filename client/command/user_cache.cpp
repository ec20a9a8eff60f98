#include "client/command/user_cache.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/cache_directory.h"
#include "common/read_file.h"
#include "common/replace_file.h"

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
  return common::ReplaceFile(folder_ / name, absl::StrCat(absl::StrJoin(lines, "\n"), "\n")).ok();
}

}  // namespace bpfrig::client::command
