// Basic blocks of a program, and at the start of each a register that may be written to without anybody
// noticing. ExecutionRecord puts its marks there.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace bpfrig::kernel_bpf {

// Instructions that run one after the other: once the first does, the others do.
struct BasicBlock {
  uint32_t first;
  uint32_t count;
  // A register whose value nothing reads from here on; nothing if all are in use.
  std::optional<uint8_t> free_register;
};

// Where an instruction leads to that says so by a distance: a jump, a call of a function of the program, or
// the address of one.
struct Target {
  int64_t instruction;
  // Whether the distance is in `off`, 16 bits wide, or in `imm`.
  bool is_short;
};
[[nodiscard]] std::optional<Target> TargetOf(const struct bpf_insn& instruction, uint32_t index);

// Of a program with the functions that it calls behind it, as libbpf gives it to the kernel. In order; every
// instruction is in one. UNSUPPORTED if a jump leads nowhere or to what only the kernel knows.
[[nodiscard]] absl::StatusOr<std::vector<BasicBlock>> BasicBlocksOf(
    absl::Span<const struct bpf_insn> instructions);

}  // namespace bpfrig::kernel_bpf
