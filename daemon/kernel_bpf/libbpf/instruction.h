// One instruction of a program: for the programs of ours that probe the kernel, stand in for others, or mark
// them.
#pragma once

#include <linux/bpf.h>

#include <cstdint>

namespace bpfrig::kernel_bpf {

// Registers by number; `offset` is `off`, and `number` is `imm`.
[[nodiscard]] constexpr struct bpf_insn MakeInstruction(int code, int to = 0, int from = 0, int offset = 0,
                                                        int32_t number = 0) {
  struct bpf_insn instruction {};
  instruction.code = static_cast<uint8_t>(code);
  instruction.dst_reg = static_cast<uint8_t>(to & 0xf);
  instruction.src_reg = static_cast<uint8_t>(from & 0xf);
  instruction.off = static_cast<int16_t>(offset);
  instruction.imm = number;
  return instruction;
}

}  // namespace bpfrig::kernel_bpf
