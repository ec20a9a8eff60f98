// Commands that the documents give, so that tests run what a reader runs.
#pragma once

#include <string>

#include "tests/support/file.h"

namespace bpfrig::tests {

// The first block of the page that is marked as a script.
inline std::string FirstScriptOf(const std::string& path) {
  const std::string page = ReadAll(path);
  const std::string fence = "```sh\n";
  const size_t start = page.find(fence);
  if (start == std::string::npos) return "echo " + path + " has no script; exit 1";
  const size_t end = page.find("```", start + fence.size());
  return page.substr(start + fence.size(), end - start - fence.size());
}

}  // namespace bpfrig::tests
