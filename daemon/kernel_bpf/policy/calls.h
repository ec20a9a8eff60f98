// The calls that a program's instructions make out of the program: helpers and kfuncs. Refusals judges them.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace bpfrig::kernel_bpf {

struct Call {
  enum class Kind {
    kHelper,
    kKfunc,
    // Of a kind that this code does not know.
    kOther,
  };
  Kind kind;
  // A helper's number, a kfunc's BTF id.
  int32_t id = 0;
  // Of a kfunc: not 0 if its id is one of a module's BTF.
  int16_t module = 0;
};

// All of them, in the order of the instructions, each once. Instructions that can never run count too: which
// those are is the verifier's to say. Left out is what libbpf puts in the place of something that the kernel
// does not have: the verifier refuses it if it can be reached.
[[nodiscard]] std::vector<Call> CallsIn(absl::Span<const bpf_insn> instructions);

}  // namespace bpfrig::kernel_bpf
