#include "daemon/kernel_bpf/object/execution_record.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/block_marks.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kMapName[] = "executed";

// Records of function_info or line_info, which both begin with an instruction's index. The kernel wants a
// function's first line at its very start: in front of the mark.
std::string Moved(const void* records, uint32_t count, uint32_t size, const std::vector<uint32_t>& places) {
  std::string moved(static_cast<const char*>(records), size_t{count} * size);
  for (size_t at = 0; at < moved.size(); at += size) {
    uint32_t instruction = 0;
    std::memcpy(&instruction, &moved[at], sizeof(instruction));
    if (instruction >= places.size()) continue;
    std::memcpy(&moved[at], &places[instruction], sizeof(instruction));
  }
  return moved;
}

absl::Status Blame(const std::string& program, const absl::Status& status) {
  return base::WithField(base::WithObject(base::MakeError(base::DetailOf(status).reason,
                                                          absl::StrCat("recording what runs of program \"",
                                                                       program, "\": ", status.message())),
                                          program),
                         "record_executed");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExecutionRecord>> ExecutionRecord::Plan(
    const OpenedObject& rehearsed, const std::vector<std::string>& inert_programs) {
  std::unique_ptr<ExecutionRecord> record(new ExecutionRecord());
  for (const struct bpf_program* program : rehearsed.Programs()) {
    const std::string name = bpf_program__name(program);
    if (std::find(inert_programs.begin(), inert_programs.end(), name) != inert_programs.end()) continue;
    const absl::Span<const struct bpf_insn> instructions(bpf_program__insns(program),
                                                         bpf_program__insn_cnt(program));
    absl::StatusOr<std::vector<BasicBlock>> blocks = BasicBlocksOf(instructions);
    if (!blocks.ok()) return Blame(name, blocks.status());
    const absl::Status markable = MarkBlocks(instructions, *blocks, {-1, 0}).status();
    if (!markable.ok()) return Blame(name, markable);
    Recorded& recorded = record->programs_[name];
    recorded.offset = record->size_;
    recorded.blocks = *std::move(blocks);
    record->size_ += recorded.blocks.size();
  }
  return record;
}

MapCost ExecutionRecord::Cost(uint32_t possible_cpus) const {
  MapShape shape;
  shape.type = BPF_MAP_TYPE_ARRAY;
  shape.key_size = sizeof(uint32_t);
  shape.value_size = size_;
  shape.max_entries = 1;
  return {kMapName, "record_executed", EstimateMapMemory(shape, possible_cpus)};
}

absl::Status ExecutionRecord::AddTo(LoadHooks& hooks, struct bpf_object* object) {
  if (programs_.empty()) return absl::OkStatus();
  map_ = common::Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, kMapName, sizeof(uint32_t), size_, 1, nullptr));
  if (!map_.IsOpen()) return base::ErrnoError("making the map that records what runs");
  for (auto& [name, recorded] : programs_) {
    struct bpf_program* program = bpf_object__find_program_by_name(object, name.c_str());
    const absl::Status added = hooks.Add(
        program,
        [this, &recorded = recorded](struct bpf_program* loading, struct bpf_prog_load_opts& options) {
          return Mark(recorded, loading, options);
        });
    if (!added.ok()) return Blame(name, added);
  }
  return absl::OkStatus();
}

int ExecutionRecord::Mark(Recorded& recorded, struct bpf_program* program,
                          struct bpf_prog_load_opts& options) const {
  const absl::Span<const struct bpf_insn> instructions(bpf_program__insns(program),
                                                       bpf_program__insn_cnt(program));
  // Those of the rehearsal have no maps yet, and other registers free.
  absl::StatusOr<std::vector<BasicBlock>> blocks = BasicBlocksOf(instructions);
  if (!blocks.ok() || blocks->size() != recorded.blocks.size()) return -EINVAL;
  recorded.blocks = *std::move(blocks);
  const absl::StatusOr<MarkedCode> marked =
      MarkBlocks(instructions, recorded.blocks, {map_.Get(), recorded.offset});
  if (!marked.ok()) return -EINVAL;
  recorded.instructions.assign(instructions.begin(), instructions.end());
  recorded.function_info =
      Moved(options.func_info, options.func_info_cnt, options.func_info_rec_size, marked->places);
  recorded.line_info =
      Moved(options.line_info, options.line_info_cnt, options.line_info_rec_size, marked->places);
  options.func_info = recorded.function_info.data();
  options.line_info = recorded.line_info.data();
  std::vector<struct bpf_insn> copy = marked->instructions;
  return bpf_program__set_insns(program, copy.data(), copy.size());
}

absl::Span<const struct bpf_insn> ExecutionRecord::InstructionsOf(const std::string& program) const {
  return programs_.at(program).instructions;
}

absl::StatusOr<std::vector<RecordedBlock>> ExecutionRecord::BlocksOf(const std::string& program) const {
  std::string bytes(size_, '\0');
  const uint32_t key = 0;
  if (bpf_map_lookup_elem(map_.Get(), &key, bytes.data()) != 0) {
    return base::ErrnoError("reading the map that records what runs");
  }
  const Recorded& recorded = programs_.at(program);
  std::vector<RecordedBlock> blocks;
  for (size_t i = 0; i < recorded.blocks.size(); ++i) {
    const BasicBlock& block = recorded.blocks[i];
    if (!block.free_register) continue;
    blocks.push_back({block.first, block.count, bytes[recorded.offset + i] != 0});
  }
  return blocks;
}

}  // namespace bpfrig::kernel_bpf
