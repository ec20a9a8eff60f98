#include "daemon/kernel_bpf/object/control_flow.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

// A bit for each register, from r0 on.
using Registers = uint16_t;

constexpr Registers kArguments = 0x3e;    // r1 to r5
constexpr Registers kLostInCalls = 0x3f;  // r0 to r5
constexpr uint8_t kLastGeneral = BPF_REG_9;
// Linux 6.19; not in the headers of before.
constexpr uint8_t kIndirectJump = BPF_JMP | BPF_JA | BPF_X;

Registers Bit(uint8_t number) { return static_cast<Registers>(1U << number); }

bool IsJumpClass(const struct bpf_insn& instruction) {
  return BPF_CLASS(instruction.code) == BPF_JMP || BPF_CLASS(instruction.code) == BPF_JMP32;
}

bool IsLong(const struct bpf_insn& instruction) { return instruction.code == (BPF_LD | BPF_IMM | BPF_DW); }

bool IsCall(const struct bpf_insn& instruction) {
  return BPF_CLASS(instruction.code) == BPF_JMP && BPF_OP(instruction.code) == BPF_CALL;
}

bool IsExit(const struct bpf_insn& instruction) { return instruction.code == (BPF_JMP | BPF_EXIT); }

// It never goes on to the next instruction.
bool LeavesForGood(const struct bpf_insn& instruction) {
  return IsExit(instruction) || (IsJumpClass(instruction) && BPF_OP(instruction.code) == BPF_JA);
}

// The next instruction need not run, though this one did: a branch, or what may end the program: a tail call,
// a function (bpf_throw), a packet load beyond the packet.
bool EndsBlock(const struct bpf_insn& instruction) {
  if (IsCall(instruction)) return instruction.src_reg != 0 || instruction.imm == BPF_FUNC_tail_call;
  const bool is_packet_load =
      BPF_CLASS(instruction.code) == BPF_LD &&
      (BPF_MODE(instruction.code) == BPF_ABS || BPF_MODE(instruction.code) == BPF_IND);
  return IsJumpClass(instruction) || is_packet_load;
}

struct Effect {
  Registers read;
  Registers written;
};

Effect EffectOfCall(const struct bpf_insn& instruction) {
  // How many arguments there are is the kernel's to know.
  Registers read = kArguments;
  if (BPF_SRC(instruction.code) == BPF_X) read |= Bit(instruction.dst_reg);
  return {read, kLostInCalls};
}

// At least what it reads, and at most what it writes.
Effect EffectOf(const struct bpf_insn& instruction) {
  const Registers destination = Bit(instruction.dst_reg);
  const Registers source = Bit(instruction.src_reg);
  const Registers operand = BPF_SRC(instruction.code) == BPF_X ? source : 0;
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
      if (IsLong(instruction)) return {0, destination};
      // The second half of the same.
      if (instruction.code == 0) return {0, 0};
      return {static_cast<Registers>(Bit(BPF_REG_6) | source), kLostInCalls};
    case BPF_LDX:
      return {source, destination};
    case BPF_ST:
      return {destination, 0};
    case BPF_STX:
      // An atomic one may compare with r0, and may answer in a register.
      return {static_cast<Registers>(destination | source | Bit(BPF_REG_0)), 0};
    case BPF_ALU:
    case BPF_ALU64:
      if (BPF_OP(instruction.code) == BPF_MOV) return {operand, destination};
      return {static_cast<Registers>(destination | operand), destination};
    default:
      break;
  }
  if (IsExit(instruction)) return {Bit(BPF_REG_0), 0};
  if (IsCall(instruction)) return EffectOfCall(instruction);
  return {static_cast<Registers>(destination | operand), 0};
}

// Of each jump, where it leads to and where it is, by the former.
using Jumps = std::vector<std::pair<uint32_t, uint32_t>>;

// Those within a function.
Jumps JumpsOf(absl::Span<const struct bpf_insn> instructions) {
  Jumps jumps;
  for (uint32_t i = 0; i < instructions.size(); ++i) {
    if (!IsJumpClass(instructions[i]) || IsCall(instructions[i])) continue;
    if (const auto target = TargetOf(instructions[i], i)) jumps.emplace_back(target->instruction, i);
  }
  std::sort(jumps.begin(), jumps.end());
  return jumps;
}

// What is read later, of each instruction and behind the last. A set only grows, and whoever leads to it is
// looked at again then: however a program jumps, that is a few times for each instruction.
std::vector<Registers> LiveRegisters(absl::Span<const struct bpf_insn> instructions) {
  const Jumps jumps = JumpsOf(instructions);
  std::vector<Registers> live(instructions.size() + 1, 0);
  std::vector<uint32_t> work(instructions.size());
  std::iota(work.begin(), work.end(), 0U);
  while (!work.empty()) {
    const uint32_t i = work.back();
    work.pop_back();
    const struct bpf_insn& instruction = instructions[i];
    Registers later = LeavesForGood(instruction) ? 0 : live[i + 1];
    if (IsJumpClass(instruction) && !IsCall(instruction)) {
      if (const auto target = TargetOf(instruction, i)) later |= live[target->instruction];
    }
    const Effect effect = EffectOf(instruction);
    const auto now = static_cast<Registers>(effect.read | (later & ~effect.written));
    if (now == live[i]) continue;
    live[i] = now;
    if (i > 0) work.push_back(i - 1);
    for (auto jump = std::lower_bound(jumps.begin(), jumps.end(), std::make_pair(i, 0U));
         jump != jumps.end() && jump->first == i; ++jump) {
      work.push_back(jump->second);
    }
  }
  return live;
}

std::optional<uint8_t> FreeRegister(Registers live) {
  for (uint8_t number = BPF_REG_0; number <= kLastGeneral; ++number) {
    if ((live & Bit(number)) == 0) return number;
  }
  return std::nullopt;
}

absl::Status Unsupported(uint32_t index, absl::string_view why) {
  return base::MakeError(base::Reason::kUnsupported, absl::StrCat("instruction ", index, why));
}

absl::StatusOr<std::vector<bool>> Leaders(absl::Span<const struct bpf_insn> instructions) {
  std::vector<bool> leads(instructions.size() + 1, false);
  leads[0] = true;
  for (uint32_t i = 0; i < instructions.size(); ++i) {
    if (instructions[i].code == kIndirectJump) {
      return Unsupported(i, " jumps to where a table says");
    }
    if (EndsBlock(instructions[i])) leads[i + 1] = true;
    const std::optional<Target> target = TargetOf(instructions[i], i);
    if (!target) continue;
    if (target->instruction < 0 || target->instruction >= static_cast<int64_t>(instructions.size())) {
      return Unsupported(i, " leads out of the program");
    }
    leads[target->instruction] = true;
  }
  return leads;
}

}  // namespace

std::optional<Target> TargetOf(const struct bpf_insn& instruction, uint32_t index) {
  const Target by_offset = {int64_t{index} + 1 + instruction.off, true};
  const Target by_number = {int64_t{index} + 1 + instruction.imm, false};
  if (IsLong(instruction)) {
    return instruction.src_reg == BPF_PSEUDO_FUNC ? std::optional(by_number) : std::nullopt;
  }
  if (!IsJumpClass(instruction) || IsExit(instruction)) return std::nullopt;
  if (IsCall(instruction)) {
    return instruction.src_reg == BPF_PSEUDO_CALL ? std::optional(by_number) : std::nullopt;
  }
  return instruction.code == (BPF_JMP32 | BPF_JA) ? by_number : by_offset;
}

absl::StatusOr<std::vector<BasicBlock>> BasicBlocksOf(absl::Span<const struct bpf_insn> instructions) {
  BPFRIG_ASSIGN_OR_RETURN(const std::vector<bool> leads, Leaders(instructions));
  const std::vector<Registers> live = LiveRegisters(instructions);
  std::vector<BasicBlock> blocks;
  for (uint32_t i = 0; i < instructions.size(); ++i) {
    if (leads[i]) blocks.push_back({i, 0, FreeRegister(live[i])});
    ++blocks.back().count;
  }
  return blocks;
}

}  // namespace bpfrig::kernel_bpf
