// How a BTF type lies in memory: modifiers stripped, members listed with those of anonymous structs and
// unions flattened in. What encode and decode share. BTF of uploaded objects is not validated by libbpf, so
// nothing here trusts an id.
#pragma once

#include <bpf/btf.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/btf_types.h"

namespace bpfrig::kernel_bpf {

// Numbers and bitfields are laid out for little-endian hosts.
static_assert(std::endian::native == std::endian::little);

// Nesting past this is broken BTF.
inline constexpr int kMaxNesting = 64;

// Without typedefs, const, volatile, restrict and tags. The type behind it is null if the chain is broken.
struct StrippedType {
  TypeRef ref;
  const struct btf_type* type = nullptr;
};
[[nodiscard]] StrippedType Strip(TypeRef type);

// A named piece of a struct, union or data section.
struct Member {
  absl::string_view name;
  TypeRef type;
  uint64_t bit_offset = 0;
  // 0 if it is not a bitfield.
  uint32_t bitfield_bits = 0;
};
// In order; unnamed bitfields, which are padding, left out. Empty for other types, and for one that has more
// than kMostMembers, those of its anonymous members included: a few nested ones can have any number.
inline constexpr size_t kMostMembers = size_t{1} << 17;
[[nodiscard]] std::vector<Member> MembersOf(const StrippedType& type);
// The same, which takes the members that it looks at out of `budget`, and gives up at 0.
[[nodiscard]] std::vector<Member> MembersOf(const StrippedType& type, size_t& budget);

// Whether it is a flexible array: how many elements it has depends on how much memory there is. Only the last
// member of all may be one.
[[nodiscard]] bool IsFlexibleArray(const StrippedType& type);
// Whether a value of the type can be longer than its size says.
[[nodiscard]] bool HasFlexibleEnd(TypeRef type);

// Whether it is C's plain char.
[[nodiscard]] bool IsChar(const StrippedType& type);
// Whether an enum's values are signed, by its flag or because it has a negative one (clang before 15 set no
// flag).
[[nodiscard]] bool IsSignedEnum(const struct btf_type* type);
// Whether the enum's values may have lost their upper halves: clang before 15 wrote 64-bit enums so.
[[nodiscard]] bool IsCutEnum(const struct btf_type* type);
struct Enumerator {
  absl::string_view name;
  // Sign-extended.
  uint64_t value = 0;
};
// In order; empty for what is not an enum.
[[nodiscard]] std::vector<Enumerator> EnumeratorsOf(TypeRef type);
// The enumerators' names.
[[nodiscard]] std::vector<std::string> EnumeratorNames(TypeRef type);
// The value of an enumerator, sign-extended; false if the enum has no such name.
[[nodiscard]] bool FindEnumerator(TypeRef type, absl::string_view name, uint64_t& value);
// The first enumerator of that value; empty if there is none.
[[nodiscard]] absl::string_view FindEnumeratorName(TypeRef type, uint64_t value);

[[nodiscard]] absl::string_view NameOf(const struct btf* btf, const struct btf_type* type);
// "a __u32", "an enum verdict".
[[nodiscard]] std::string WithArticle(absl::string_view type_name);
// For BTF that contradicts itself.
[[nodiscard]] absl::Status BrokenBtf(TypeRef type);

}  // namespace bpfrig::kernel_bpf
