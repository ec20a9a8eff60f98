// Whether an object's BTF refers to nothing but itself. libbpf 1.1 looks at types and names without asking if
// they are there, and crashes; what reads an object asks here first.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

struct btf;

namespace bpfrig::kernel_bpf {

// BAD_OBJECT if a type or a name that it refers to is not there, or if a type is made of itself.
[[nodiscard]] absl::Status CheckBtf(const struct btf* btf);
// Of the bytes of a .BTF section. OK if libbpf cannot read them at all: it says so, or does without them.
[[nodiscard]] absl::Status CheckBtfSection(absl::string_view section);

}  // namespace bpfrig::kernel_bpf
