// What a fuzz target makes of its input: numbers and pieces, zero and empty once it is used up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace bpfrig::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  uint8_t Byte() {
    const absl::string_view piece = Take(1);
    return piece.empty() ? 0 : static_cast<uint8_t>(piece[0]);
  }
  // Little-endian.
  uint64_t Number(int bytes) {
    uint64_t number = 0;
    for (int i = 0; i < bytes; ++i) number |= uint64_t{Byte()} << (8 * i);
    return number;
  }
  // As many bytes, or those that are left.
  absl::string_view Take(size_t size) {
    const absl::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(piece.size());
    return piece;
  }
  [[nodiscard]] absl::string_view rest() const { return rest_; }
  [[nodiscard]] bool IsEmpty() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
};

}  // namespace bpfrig::fuzz

// Called by libFuzzer, and by corpus_main.cpp. Whatever must hold of any input and does not ends the process.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
