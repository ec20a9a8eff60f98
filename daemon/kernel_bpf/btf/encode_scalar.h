// The leaves of encoding: the memory that is written, with its mask, and numbers, bools, enumerators and
// floats. Used by encode.cpp alone.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/encode.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {

// No map value or section is larger; a type that claims to be is broken.
inline constexpr size_t kMaxType = size_t{256} << 20;

// Where to write, and what errors call it.
struct Place {
  TypeRef type;
  size_t offset = 0;
  // Of a bitfield: its first bit within the byte at `offset`, and its bits; otherwise 0.
  uint32_t first_bit = 0;
  uint32_t bitfield_bits = 0;
  // The member that was named last; empty for the whole value.
  absl::string_view name;
  // Whether the value ends with it, so that a flexible array can have any number of elements.
  bool is_last = false;
};

// The bytes under construction. Every write is checked against their size, because BTF may lie.
class Memory {
 public:
  explicit Memory(std::string bytes) : bytes_(std::move(bytes)), mask_(bytes_.size(), '\0') {}

  // Puts `bytes`, and zeroes up to `size`; the mask covers all of it.
  [[nodiscard]] absl::Status Put(const Place& place, absl::string_view bytes, size_t size);
  // Puts the low bits of `value` into a bitfield.
  [[nodiscard]] absl::Status PutBits(const Place& place, uint64_t value);
  // Makes room for as many bytes, zeroes. False if no value is so long.
  [[nodiscard]] bool Grow(size_t size);
  // Zeroes, outside the mask.
  [[nodiscard]] absl::Status Clear(const Place& place, size_t size);
  [[nodiscard]] Encoded Take() && { return {std::move(bytes_), std::move(mask_)}; }

 private:
  [[nodiscard]] bool Holds(size_t offset, size_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  std::string bytes_;
  std::string mask_;
};

// TYPE_MISMATCH: `"wp_addr" is a struct ip_addr of 16 bytes; ` and the cause.
[[nodiscard]] absl::Status Mismatch(const Place& place, absl::string_view cause);
// "a number", "a list", ...
[[nodiscard]] absl::string_view KindOf(const Value& value);

[[nodiscard]] absl::Status WriteScalar(Memory& memory, const Place& place, const StrippedType& type,
                                       const Value& value);
[[nodiscard]] absl::Status PutPrefix(Memory& memory, const Place& place, absl::string_view bytes,
                                     size_t size);

[[nodiscard]] bool FitsUnsigned(uint64_t number, uint32_t bits);
[[nodiscard]] bool FitsSigned(int64_t number, uint32_t bits);
// INVALID_FIELD for bits other than 16, 32 and 64, OUT_OF_RANGE if the number has more.
[[nodiscard]] absl::Status CheckNetworkInteger(const NetworkInteger& number);

}  // namespace bpfrig::kernel_bpf
