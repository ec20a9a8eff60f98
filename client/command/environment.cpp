#include "client/command/environment.h"

#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace bpfrig::client::command {

std::vector<std::string> ObjectPathFromEnvironment() {
  const char* path = getenv("BPFRIG_OBJECT_PATH");
  return absl::StrSplit(path != nullptr ? path : "", ':', absl::SkipEmpty());
}

std::map<std::string, std::string> VariablesFromEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    absl::string_view text = *entry;
    if (!absl::ConsumePrefix(&text, "BPFRIG_VAR_")) continue;
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(text, absl::MaxSplits('=', 1));
    variables.emplace(pair.first, pair.second);
  }
  return variables;
}

std::optional<std::string> TakeTokenFromEnvironment() {
  const char* value = getenv("BPFRIG_TOKEN");
  if (value == nullptr) return std::nullopt;
  std::string token = value;
  unsetenv("BPFRIG_TOKEN");
  return token;
}

}  // namespace bpfrig::client::command
