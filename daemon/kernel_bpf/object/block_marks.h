// Puts a mark in front of basic blocks: code that sets a byte of a map when the block is entered.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/object/control_flow.h"

namespace bpfrig::kernel_bpf {

// Bytes of an array map's first value, one for each block.
struct MarkBytes {
  int map_fd;
  // Of the first block.
  uint32_t offset;
};

struct MarkedCode {
  std::vector<struct bpf_insn> instructions;
  // Where each of the instructions before is now, or the mark in front of it; and their end.
  std::vector<uint32_t> places;
};

// Blocks without a free register get no mark. UNSUPPORTED if a jump gets too long.
[[nodiscard]] absl::StatusOr<MarkedCode> MarkBlocks(absl::Span<const struct bpf_insn> instructions,
                                                    absl::Span<const BasicBlock> blocks, MarkBytes bytes);

}  // namespace bpfrig::kernel_bpf
