// Files of /proc and others, read whole.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace bpfrig::tests {

// Empty if it cannot be read, or if its process ends in the middle of it.
inline std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace bpfrig::tests
