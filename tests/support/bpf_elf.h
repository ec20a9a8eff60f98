// An ELF object for BPF made from instructions, as somebody who writes bytes by hand would: one program, no
// external symbols, no relocations, no BTF.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bpfrig::tests {

// The program is called "prog" and is in that section.
[[nodiscard]] std::string MakeBpfElf(const std::string& section, const std::vector<bpf_insn>& instructions);

// Calls of a helper by its number and of a kfunc by its BTF id.
[[nodiscard]] bpf_insn CallHelper(int32_t id);
[[nodiscard]] bpf_insn CallKfunc(int32_t btf_id, int16_t module = 0);
[[nodiscard]] bpf_insn SetRegister(uint8_t to, int32_t value);
[[nodiscard]] bpf_insn CopyRegister(uint8_t to, uint8_t from);
[[nodiscard]] bpf_insn SkipIfZero(uint8_t number, int16_t instructions);
[[nodiscard]] bpf_insn Exit();

}  // namespace bpfrig::tests
