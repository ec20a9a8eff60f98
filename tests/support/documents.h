// Examples from the documents, so that tests run what a reader runs.
#pragma once

#include <stdexcept>
#include <string>

#include "tests/support/file.h"

namespace bpfrig::tests {

// The first fenced block of the page in that language. A page without one throws, which fails the test.
inline std::string FirstBlockOf(const std::string& path, const std::string& language) {
  const std::string page = ReadAll(path);
  const std::string fence = "```" + language + "\n";
  const size_t start = page.find(fence);
  if (start == std::string::npos) throw std::runtime_error(path + " has no block of " + language);
  const size_t end = page.find("```", start + fence.size());
  return page.substr(start + fence.size(), end - start - fence.size());
}

}  // namespace bpfrig::tests
