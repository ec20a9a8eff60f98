// Objects with mistakes that no compiler makes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>

namespace bpfrig::tests {

// Changes some bytes, or a stretch of them, or cuts the end off.
inline std::string Mutated(std::string object, std::mt19937& random) {
  const auto below = [&](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  switch (below(4)) {
    case 0:
      object.resize(below(object.size()) + 1);
      break;
    case 1: {
      const size_t from = below(object.size());
      const size_t length = std::min(below(64) + 1, object.size() - from);
      std::generate_n(object.begin() + static_cast<std::ptrdiff_t>(from), length,
                      [&] { return static_cast<char>(below(256)); });
      break;
    }
    case 2:
      // The header and the section table decide most.
      object[below(std::min<size_t>(object.size(), 64))] = static_cast<char>(below(256));
      break;
    default:
      for (size_t i = below(8) + 1; i > 0; --i)
        object[below(object.size())] ^= static_cast<char>(1 << below(8));
  }
  return object;
}

}  // namespace bpfrig::tests
