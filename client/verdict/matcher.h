// Whether a value is what a pattern says. Values of answers are compared as they are; values that BTF types,
// by the bytes that the daemon encoded for the pattern, and by their decoded form if a matcher needs order or
// pieces.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bpfrig/v1/value.pb.h"
#include "client/plan/fields/pattern.h"

namespace bpfrig::client::verdict {

// The memory that a value was decoded from, and the encodings of the request's patterns for it.
struct Memory {
  const std::string& bytes;
  const std::vector<const bpfrig::v1::ResolvedValue*>& encodings;
};

// Whether the memory has what the encoding says. One without bytes fits any; memory may be longer.
[[nodiscard]] bool Matches(const bpfrig::v1::ResolvedValue& encoding, const std::string& memory);

// `actual` is null if nothing is known of the value but its memory. With a memory, what the pattern says by
// equality alone is not looked at: its plain part is one encoding, which the caller compares.
[[nodiscard]] bool Holds(const plan::Pattern& pattern, const bpfrig::v1::Value* actual, const Memory* memory);

// Whether a list has as many elements as its pattern. Memory may be longer than what the plan has elements
// for; a flexible array may be shorter.
[[nodiscard]] bool HasSize(const plan::Pattern& list, const bpfrig::v1::Value* actual, const Memory* memory);

// The member or element of a decoded value; null if there is none.
[[nodiscard]] const bpfrig::v1::Value* FindMember(const bpfrig::v1::Value* value, const std::string& name);
[[nodiscard]] const bpfrig::v1::Value* FindItem(const bpfrig::v1::Value* value, size_t index);

}  // namespace bpfrig::client::verdict
