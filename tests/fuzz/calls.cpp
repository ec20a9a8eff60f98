// Instructions, read for the calls that they make.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "daemon/kernel_bpf/policy/calls.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<bpf_insn> instructions(size / sizeof(bpf_insn));
  if (!instructions.empty()) std::memcpy(instructions.data(), data, instructions.size() * sizeof(bpf_insn));
  const std::vector<bpfrig::kernel_bpf::Call> calls = bpfrig::kernel_bpf::CallsIn(instructions);
  if (calls.size() > instructions.size()) std::abort();
  // Nothing that the kernel takes for a call of a helper or kfunc is missed.
  size_t found = 0;
  for (const bpf_insn& instruction : instructions) {
    const bool is_call = instruction.code == (BPF_JMP | BPF_CALL);
    if (is_call && instruction.src_reg == 0 && instruction.imm > 0 && instruction.imm < 0x1000) ++found;
    if (is_call && instruction.src_reg == BPF_PSEUDO_KFUNC_CALL && instruction.imm != 0) ++found;
  }
  if (found > 0 && calls.empty()) std::abort();
  return 0;
}
