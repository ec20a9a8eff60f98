// Looks into an object with libbpf, as a worker that loads it would, and says what is there. libbpf may crash
// on hostile bytes: only the reader calls this.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/description.pb.h"
#include "daemon/kernel_bpf/policy/load_policy.h"

namespace bpfrig::describe {

// What the object does not say itself.
struct Assumptions {
  // What a daemon would let load.
  kernel_bpf::LoadPolicy policy;
  // The types of programs, by their names, as a load gives them: sections that tell a type. One that the
  // object does not have changes nothing.
  std::map<std::string, std::string> types;
};

// BAD_OBJECT, as LoadProgram says it, if it cannot be read. Names are the bytes that they are.
[[nodiscard]] absl::StatusOr<v1::ObjectDescription> DescribeObject(absl::string_view elf,
                                                                   const Assumptions& assumptions);

}  // namespace bpfrig::describe
