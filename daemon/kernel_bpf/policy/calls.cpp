#include "daemon/kernel_bpf/policy/calls.h"

#include <set>
#include <tuple>

namespace bpfrig::kernel_bpf {
namespace {

// From here on, helper numbers are libbpf's marks for what it could not relocate: 0xbad2310 for a field that
// the kernel's type lacks, 2001000000 and more for a map that was not made. Helpers are numbered from 1 on.
constexpr int32_t kFirstMark = 0xbad2310;

bool IsCall(const bpf_insn& instruction) {
  const int type = BPF_CLASS(instruction.code);
  if (type != BPF_JMP && type != BPF_JMP32) return false;
  // To a register's address no kernel lets a program call anything but itself.
  return BPF_OP(instruction.code) == BPF_CALL && BPF_SRC(instruction.code) == BPF_K;
}

}  // namespace

std::vector<Call> CallsIn(absl::Span<const bpf_insn> instructions) {
  std::vector<Call> calls;
  std::set<std::tuple<int, int32_t, int16_t>> seen;
  for (const bpf_insn& instruction : instructions) {
    if (!IsCall(instruction) || instruction.src_reg == BPF_PSEUDO_CALL) continue;
    if (!seen.emplace(instruction.src_reg, instruction.imm, instruction.off).second) continue;
    if (instruction.src_reg == 0) {
      if (instruction.imm < kFirstMark) calls.push_back({Call::Kind::kHelper, instruction.imm, 0});
    } else if (instruction.src_reg == BPF_PSEUDO_KFUNC_CALL) {
      // Both 0: a weak kfunc that this kernel lacks.
      if (instruction.imm == 0 && instruction.off == 0) continue;
      calls.push_back({Call::Kind::kKfunc, instruction.imm, instruction.off});
    } else {
      calls.push_back({Call::Kind::kOther, instruction.imm, 0});
    }
  }
  return calls;
}

}  // namespace bpfrig::kernel_bpf
