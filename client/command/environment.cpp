#include "client/command/environment.h"

#include <stdlib.h>

#include "absl/strings/str_split.h"

namespace bpfrig::client::command {

std::vector<std::string> ObjectPathFromEnvironment() {
  const char* path = getenv("BPFRIG_OBJECT_PATH");
  return absl::StrSplit(path != nullptr ? path : "", ':', absl::SkipEmpty());
}

std::optional<std::string> TakeTokenFromEnvironment() {
  const char* value = getenv("BPFRIG_TOKEN");
  if (value == nullptr) return std::nullopt;
  std::string token = value;
  unsetenv("BPFRIG_TOKEN");
  return token;
}

}  // namespace bpfrig::client::command
