// InstructionList: what a loaded program is made of, and where in the source that comes from, by the
// object's .BTF.ext. BpfObject::ListInstructions makes one; the worker answers ListInstructions with it.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/object/program_origin.h"

namespace bpfrig::kernel_bpf {

struct FunctionStart {
  // The index of its first instruction.
  uint32_t instruction;
  absl::string_view name;
};

struct SourceLine {
  // The index of the first instruction of the line.
  uint32_t instruction;
  absl::string_view file;
  // 0 for code that belongs to no line, or to one that is not known.
  uint32_t line;
  uint32_t column;
  absl::string_view text;
};

// Instructions that run one after the other, and whether they did since the object was loaded.
struct RecordedBlock {
  uint32_t first;
  uint32_t count;
  bool executed;
};

// Borrows from the object.
struct InstructionList {
  absl::Span<const struct bpf_insn> instructions;
  // By index, each once; so are the functions and the lines.
  std::vector<uint32_t> relocated;
  std::vector<FunctionStart> functions;
  std::vector<SourceLine> lines;
  // In order; empty if nobody recorded what ran. Instructions of none of them are not known.
  std::vector<RecordedBlock> blocks = {};
};

// BAD_OBJECT if the .BTF.ext is broken.
[[nodiscard]] absl::StatusOr<InstructionList> ListParts(const PartIndex& parts,
                                                        absl::Span<const struct bpf_insn> loaded);

}  // namespace bpfrig::kernel_bpf
