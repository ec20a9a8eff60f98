// The documents: examples, so that tests run what a reader runs, and tables that tests make.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
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

// Fails the test unless the page has this table where it says that `maker` makes one. BPFRIG_UPDATE_GOLDEN
// writes it.
inline void ExpectTable(const std::string& path, const std::string& table,
                        const std::string& maker = "worker_root_test") {
  const std::string page = ReadAll(path);
  const std::string begin_mark = "<!-- made by " + maker + " -->\n\n";
  const std::string end_mark = "\n<!-- end -->";
  const size_t begin = page.find(begin_mark);
  const size_t end = page.find(end_mark, begin == std::string::npos ? 0 : begin);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << path;
  const std::string made = page.substr(0, begin + begin_mark.size()) + table + page.substr(end);
  if (std::getenv("BPFRIG_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << made;
  EXPECT_EQ(ReadAll(path), made) << "BPFRIG_UPDATE_GOLDEN=1 writes the page anew";
}

}  // namespace bpfrig::tests
