#include "common/cache_directory.h"

#include <cstdlib>

namespace bpfrig::common {
namespace {

namespace fs = std::filesystem;

// A directory that a variable names; one that is not absolute does not count, as XDG has it.
fs::path DirectoryFrom(const char* variable) {
  const char* text = std::getenv(variable);
  const fs::path path = text == nullptr ? "" : text;
  return path.is_absolute() ? path : fs::path();
}

}  // namespace

fs::path CacheDirectory() {
  if (const fs::path cache = DirectoryFrom("XDG_CACHE_HOME"); !cache.empty()) return cache / "bpfrig";
  const fs::path home = DirectoryFrom("HOME");
  return home.empty() ? home : home / ".cache" / "bpfrig";
}

}  // namespace bpfrig::common
