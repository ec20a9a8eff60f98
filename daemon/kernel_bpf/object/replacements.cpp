#include "daemon/kernel_bpf/object/replacements.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/object/program_origin.h"

namespace bpfrig::kernel_bpf {
namespace {

using base::MakeError;
using base::Reason;

constexpr char kListHint[] = "ListInstructions has the program's instructions, and says which are relocated";

std::string At(size_t index) { return absl::StrCat("replacements[", index, "]"); }

std::string What(const InstructionReplacement& replacement) {
  return absl::StrCat("replacing instruction ", replacement.instruction, " of program \"",
                      replacement.program, "\": ");
}

absl::Span<const struct bpf_insn> InstructionsOf(const struct bpf_program* program) {
  return {bpf_program__insns(program), bpf_program__insn_cnt(program)};
}

absl::StatusOr<struct bpf_program*> FindLoaded(const ObjectSpec& spec, const OpenedObject& object,
                                               const InstructionReplacement& replacement) {
  const std::string& name = replacement.program;
  const std::vector<std::string>& inert = spec.inert_programs;
  if (std::find(inert.begin(), inert.end(), name) != inert.end()) {
    return base::WithHint(
        MakeError(Reason::kInvalidField,
                  absl::StrCat(What(replacement), "a program that does nothing is loaded in its place")),
        absl::StrCat("take ", name, " out of inert_programs, or of replacements"));
  }
  std::vector<std::string> names;
  for (struct bpf_program* program : object.AllPrograms()) {
    names.emplace_back(bpf_program__name(program));
    if (names.back() != name) continue;
    if (bpf_program__autoload(program)) return program;
    return base::WithHint(
        MakeError(Reason::kInvalidField, absl::StrCat(What(replacement), "the program is not loaded")),
        absl::StrCat("list ", name, " in programs, or take its replacements out"));
  }
  return base::WithHint(MakeError(Reason::kUnknownName,
                                  absl::StrCat(What(replacement), "the object has no such program; it has ",
                                               common::NamesNear(name, std::move(names)))),
                        "a function that programs call is a part of each of them: name the program");
}

}  // namespace

struct bpf_insn InstructionOf(const InstructionReplacement& replacement) {
  struct bpf_insn instruction = {};
  std::memcpy(&instruction, replacement.code.data(), std::min(replacement.code.size(), sizeof(instruction)));
  return instruction;
}

absl::StatusOr<Replacements> Replacements::Check(const ObjectSpec& spec, const OpenedObject& rehearsed,
                                                 const absl::StatusOr<ObjectCode>& code) {
  Replacements replacements;
  if (spec.replacements.empty()) return replacements;
  if (!code.ok()) return base::WithField(code.status(), "object");
  for (size_t i = 0; i < spec.replacements.size(); ++i) {
    const InstructionReplacement& replacement = spec.replacements[i];
    const absl::StatusOr<struct bpf_program*> program = FindLoaded(spec, rehearsed, replacement);
    const absl::Status added =
        program.ok() ? replacements.Add(replacement, *program) : base::WithField(program.status(), "program");
    if (!added.ok()) return base::WithField(base::WithObject(added, replacement.program), At(i));
  }
  BPFRIG_RETURN_IF_ERROR(replacements.CheckRelocated(spec, rehearsed, *code));
  return replacements;
}

absl::Status Replacements::Add(const InstructionReplacement& replacement, const struct bpf_program* program) {
  if (replacement.code.size() != sizeof(struct bpf_insn)) {
    return base::WithField(
        MakeError(Reason::kInvalidField,
                  absl::StrCat(What(replacement), "an instruction has ", sizeof(struct bpf_insn),
                               " bytes, and not ", replacement.code.size())),
        "code");
  }
  const size_t count = InstructionsOf(program).size();
  if (replacement.instruction >= count) {
    return base::WithHint(
        base::WithField(MakeError(Reason::kOutOfRange, absl::StrCat(What(replacement), "it has ", count,
                                                                    ", the functions that it ",
                                                                    "calls included; the first is number 0")),
                        "instruction"),
        kListHint);
  }
  if (programs_[replacement.program].emplace(replacement.instruction, InstructionOf(replacement)).second) {
    return absl::OkStatus();
  }
  return base::WithHint(
      base::WithField(MakeError(Reason::kInvalidField,
                                absl::StrCat(What(replacement), "another replacement is for the same one")),
                      "instruction"),
      "keep one of them");
}

absl::Status Replacements::CheckRelocated(const ObjectSpec& spec, const OpenedObject& rehearsed,
                                          const ObjectCode& code) const {
  std::map<std::string, std::vector<uint32_t>> relocated;
  for (const struct bpf_program* program : rehearsed.Programs()) {
    const std::string name = bpf_program__name(program);
    if (programs_.count(name) == 0) continue;
    absl::StatusOr<std::vector<ProgramPart>> parts = PartsOf(code, name, InstructionsOf(program));
    if (!parts.ok()) return base::WithField(parts.status(), "replacements");
    BPFRIG_ASSIGN_OR_RETURN(
        relocated[name], RelocatedIn(PartIndex(code, bpf_object__btf(rehearsed.get()), *std::move(parts))));
  }
  for (size_t i = 0; i < spec.replacements.size(); ++i) {
    const InstructionReplacement& replacement = spec.replacements[i];
    const std::vector<uint32_t>& filled = relocated[replacement.program];
    if (!std::binary_search(filled.begin(), filled.end(), replacement.instruction)) continue;
    const absl::Status status =
        MakeError(Reason::kInvalidField, absl::StrCat(What(replacement), "a relocation filled it in"));
    return base::WithField(
        base::WithHint(base::WithObject(base::WithField(status, "instruction"), replacement.program),
                       kListHint),
        At(i));
  }
  return absl::OkStatus();
}

std::vector<struct bpf_insn> Replacements::Apply(const std::string& program,
                                                 absl::Span<const struct bpf_insn> instructions) const {
  std::vector<struct bpf_insn> changed(instructions.begin(), instructions.end());
  const auto found = programs_.find(program);
  if (found == programs_.end()) return changed;
  for (const auto& [index, instruction] : found->second) {
    if (index < changed.size()) changed[index] = instruction;
  }
  return changed;
}

absl::Status Replacements::AddTo(LoadHooks& hooks, struct bpf_object* object) const {
  for (const auto& [name, instructions] : programs_) {
    const auto change = [this, name = name](struct bpf_program* program,
                                            struct bpf_prog_load_opts& /*options*/) {
      std::vector<struct bpf_insn> changed = Apply(name, InstructionsOf(program));
      return bpf_program__set_insns(program, changed.data(), changed.size());
    };
    struct bpf_program* program = bpf_object__find_program_by_name(object, name.c_str());
    if (program == nullptr) continue;  // Check has found it.
    BPFRIG_RETURN_IF_ERROR(base::WithField(hooks.Add(program, change), "replacements"));
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::kernel_bpf
