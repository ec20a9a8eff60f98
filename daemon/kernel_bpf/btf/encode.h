// Value -> memory, laid out by a BTF type. All or nothing: on an error nothing is written. Errors carry the
// path within the value as their field (base::WithField: "wp_addr", "list[3].port"), and a sentence that
// names the member, its type and its size. Used for map entries, globals and expected values.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/value.h"

namespace bpfrig::kernel_bpf {

struct Encoded {
  std::string bytes;
  // As long as `bytes`; a bit is set if the value says something about it. Memory m matches an expected value
  // if (m ^ bytes) & mask is zero. A value says nothing about members that it does not name, elements past a
  // list's end and padding; it does about the zeroes after a text or a prefix.
  std::string mask;
};

// Encodes over zeroes: what the value does not mention is zero. As long as the type, or longer if the value
// has elements for a flexible array at its end. Reasons: UNKNOWN_NAME (member, enumerator), DUPLICATE_NAME
// (also two members of one union), OUT_OF_RANGE (number), TYPE_MISMATCH (kind or size; functions), NO_TYPE.
[[nodiscard]] absl::StatusOr<Encoded> Encode(TypeRef type, const Value& value);

// Encodes over `bytes`, which must have the type's size already (TYPE_MISMATCH). In a data section, variables
// that the value does not name keep what they hold; anything else is zeroed first, as by Encode.
[[nodiscard]] absl::Status EncodeInto(TypeRef type, const Value& value, std::string& bytes);

// Encodes without a type into `size` bytes: raw bytes of that size, a prefix or text that fits, a network
// integer that fits, or a number if `size` is 1, 2, 4 or 8 (host order). For things without BTF whose meaning
// is fixed: array indexes, descriptors. `what` names it in errors: `the key of map "progs"`.
[[nodiscard]] absl::StatusOr<Encoded> EncodeBySize(size_t size, const Value& value, absl::string_view what);

// The bytes that a value is by itself, without any target: raw bytes, a prefix, text, or a network integer of
// exactly its bits. For the parts of a `!concat` and for payloads. TYPE_MISMATCH for numbers, lists and
// fields.
[[nodiscard]] absl::StatusOr<std::string> BytesOf(const Value& value);

}  // namespace bpfrig::kernel_bpf
