// Memory -> Value, by a BTF type: the inverse of encode.h. Encoding what was decoded gives the same bytes,
// padding excepted. Used for dumped entries, events, and to print expected values as actual ones are printed.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/value.h"

namespace bpfrig::kernel_bpf {

// The forms are those of proto/bpfrig/v1/value.proto: integers by signedness (16-byte ones raw), bool as
// unsigned, enumerators as text or as a number if no name fits, char arrays as text if they hold printable
// text with zero padding and raw otherwise, other arrays as list, structs and unions as fields (of a union,
// every member), pointers as unsigned numbers. `bytes` may be longer than the type (an event's record), never
// shorter (TYPE_MISMATCH); a flexible array at the type's end has as many elements as there are bytes for.
// NO_TYPE for a type without a size.
[[nodiscard]] absl::StatusOr<Value> Decode(TypeRef type, absl::string_view bytes);

}  // namespace bpfrig::kernel_bpf
