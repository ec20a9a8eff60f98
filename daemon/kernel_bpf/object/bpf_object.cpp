#include "daemon/kernel_bpf/object/bpf_object.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/object_loader.h"

namespace bpfrig::kernel_bpf {

absl::StatusOr<LoadOutcome> BpfObject::Load(const ObjectSpec& spec) { return ObjectLoader(spec).Run(); }

const Program* BpfObject::FindProgram(absl::string_view name) const {
  auto found = std::find_if(programs_.begin(), programs_.end(),
                            [&](const Program& program) { return program.name() == name; });
  return found == programs_.end() ? nullptr : &*found;
}

const Map* BpfObject::FindMap(absl::string_view name) const {
  auto found = std::find_if(maps_.begin(), maps_.end(), [&](const Map& map) { return map.name() == name; });
  return found == maps_.end() ? nullptr : &*found;
}

absl::StatusOr<InstructionList> BpfObject::ListInstructions(const std::string& program) const {
  const struct bpf_program* loaded = bpf_object__find_program_by_name(object_.get(), program.c_str());
  if (loaded == nullptr) {
    return base::MakeError(base::Reason::kInternal,
                           absl::StrCat("listing program \"", program, "\": it is not there any more"));
  }
  const bool is_recorded = executed_ != nullptr && executed_->Has(program);
  const absl::Span<const struct bpf_insn> instructions =
      is_recorded
          ? executed_->InstructionsOf(program)
          : absl::Span<const struct bpf_insn>(bpf_program__insns(loaded), bpf_program__insn_cnt(loaded));
  if (inert_programs_.count(program) > 0) return InstructionList{instructions, {}, {}, {}};
  BPFRIG_RETURN_IF_ERROR(code_.status());
  BPFRIG_ASSIGN_OR_RETURN(std::vector<ProgramPart> parts, PartsOf(*code_, program, instructions));
  BPFRIG_ASSIGN_OR_RETURN(
      InstructionList list,
      ListParts(PartIndex(*code_, bpf_object__btf(object_.get()), std::move(parts)), instructions));
  if (is_recorded) {
    BPFRIG_ASSIGN_OR_RETURN(list.blocks, executed_->BlocksOf(program));
  }
  return list;
}

}  // namespace bpfrig::kernel_bpf
