#include "daemon/kernel_bpf/object/block_marks.h"

#include <array>
#include <limits>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/instruction.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr size_t kMarkSize = 3;

// `*(u8 *)(the map's first value + offset) = 1`, by way of that register.
std::array<struct bpf_insn, kMarkSize> Mark(uint8_t by_way_of, int map_fd, uint32_t offset) {
  return {MakeInstruction(BPF_LD | BPF_IMM | BPF_DW, by_way_of, BPF_PSEUDO_MAP_VALUE, 0, map_fd),
          MakeInstruction(0, 0, 0, 0, static_cast<int32_t>(offset)),
          MakeInstruction(BPF_ST | BPF_MEM | BPF_B, by_way_of, 0, 0, 1)};
}

// Has the instruction, which is at `from` now, lead to `to`.
absl::Status Redirect(uint32_t from, uint32_t to, bool is_short, struct bpf_insn& instruction) {
  const int64_t distance = int64_t{to} - from - 1;
  if (!is_short) {
    instruction.imm = static_cast<__s32>(distance);
    return absl::OkStatus();
  }
  using Limits = std::numeric_limits<__s16>;
  if (distance < Limits::min() || distance > Limits::max()) {
    return base::MakeError(base::Reason::kUnsupported,
                           absl::StrCat("a jump over ", distance, " instructions is too long"));
  }
  instruction.off = static_cast<__s16>(distance);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MarkedCode> MarkBlocks(absl::Span<const struct bpf_insn> instructions,
                                      absl::Span<const BasicBlock> blocks, MarkBytes bytes) {
  MarkedCode marked;
  // Of each instruction itself.
  std::vector<uint32_t> moved_to;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const BasicBlock& block = blocks[i];
    marked.places.push_back(marked.instructions.size());
    if (block.free_register) {
      const auto mark = Mark(*block.free_register, bytes.map_fd, bytes.offset + static_cast<uint32_t>(i));
      marked.instructions.insert(marked.instructions.end(), mark.begin(), mark.end());
    }
    for (uint32_t k = block.first; k < block.first + block.count; ++k) {
      if (k > block.first) marked.places.push_back(marked.instructions.size());
      moved_to.push_back(marked.instructions.size());
      marked.instructions.push_back(instructions[k]);
    }
  }
  marked.places.push_back(marked.instructions.size());
  for (uint32_t i = 0; i < instructions.size(); ++i) {
    const std::optional<Target> target = TargetOf(instructions[i], i);
    if (!target) continue;
    BPFRIG_RETURN_IF_ERROR(Redirect(moved_to[i], marked.places[target->instruction], target->is_short,
                                    marked.instructions[moved_to[i]]));
  }
  return marked;
}

}  // namespace bpfrig::kernel_bpf
