// ExecutionRecord: notes which instructions of an object's programs ran. A program is loaded with a mark in
// front of each of its basic blocks; the marks are bytes of a map of its own. ObjectLoader makes one if the
// spec asks for it, and the object keeps it.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/fd.h"
#include "daemon/kernel_bpf/map/map_memory.h"
#include "daemon/kernel_bpf/object/control_flow.h"
#include "daemon/kernel_bpf/object/instruction_list.h"
#include "daemon/kernel_bpf/object/load_hooks.h"
#include "daemon/kernel_bpf/object/opened_object.h"

namespace bpfrig::kernel_bpf {

class ExecutionRecord {
 public:
  // Of all programs that will be loaded but those in whose place one is loaded that does nothing. `rehearsed`
  // is the object with its programs relocated. Makes no map yet. UNSUPPORTED as BasicBlocksOf.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ExecutionRecord>> Plan(
      const OpenedObject& rehearsed, const std::vector<std::string>& inert_programs);

  // What its map will cost.
  [[nodiscard]] MapCost Cost(uint32_t possible_cpus) const;
  // Makes the map, and has the hooks put the marks in. `object` is open as the one to load will be.
  [[nodiscard]] absl::Status AddTo(LoadHooks& hooks, struct bpf_object* object);

  [[nodiscard]] bool Has(const std::string& program) const { return programs_.count(program) != 0; }
  // The program without the marks, as it would have been loaded otherwise. It must have it.
  [[nodiscard]] absl::Span<const struct bpf_insn> InstructionsOf(const std::string& program) const;
  // Those that have a mark.
  [[nodiscard]] absl::StatusOr<std::vector<RecordedBlock>> BlocksOf(const std::string& program) const;

 private:
  struct Recorded {
    std::vector<struct bpf_insn> instructions;
    std::vector<BasicBlock> blocks;
    // Of its first block.
    uint32_t offset = 0;
    // What the kernel is told of the marked program; it must be there while it loads.
    std::string function_info = {};
    std::string line_info = {};
  };

  ExecutionRecord() = default;
  // A LoadHooks::Change.
  int Mark(Recorded& recorded, struct bpf_program* program, struct bpf_prog_load_opts& options) const;

  std::map<std::string, Recorded> programs_;
  uint32_t size_ = 0;
  common::Fd map_;
};

}  // namespace bpfrig::kernel_bpf
