#include "daemon/kernel_bpf/object/instruction_list.h"

#include <bpf/btf.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/btf_ext.h"

namespace bpfrig::kernel_bpf {
namespace {

absl::string_view TextAt(const struct btf* btf, uint32_t place) {
  const char* text = btf__str_by_offset(btf, place);
  return text == nullptr ? absl::string_view() : absl::string_view(text);
}

// The records about instructions of the program, in its order. Of two about the same instruction the first.
std::vector<SourceLine> LinesIn(const PartIndex& parts, const BtfExt& ext) {
  const struct btf* btf = parts.btf();
  std::vector<SourceLine> lines;
  for (const auto& in_section : ext.lines) {
    const std::optional<size_t> section = parts.SectionNamed(in_section.section_name);
    if (!section) continue;
    for (const LineRecord& record : in_section.records) {
      const std::optional<uint32_t> place = parts.PlaceOf(*section, record.instruction);
      if (!place) continue;
      lines.push_back(
          {*place, TextAt(btf, record.file), record.line, record.column, TextAt(btf, record.text)});
    }
  }
  return lines;
}

// A line holds until the next, and none holds beyond its function: what has no line begins one of its own.
void EndWithFunctions(const PartIndex& parts, std::vector<SourceLine>& lines) {
  if (lines.empty()) return;
  for (const ProgramPart& part : parts.parts()) lines.push_back({part.start, "", 0, 0, ""});
  std::stable_sort(lines.begin(), lines.end(),
                   [](const SourceLine& a, const SourceLine& b) { return a.instruction < b.instruction; });
  const auto is_same = [](const SourceLine& a, const SourceLine& b) {
    return a.instruction == b.instruction;
  };
  lines.erase(std::unique(lines.begin(), lines.end(), is_same), lines.end());
}

}  // namespace

absl::StatusOr<InstructionList> ListParts(const PartIndex& parts, absl::Span<const struct bpf_insn> loaded) {
  InstructionList list;
  list.instructions = loaded;
  for (const ProgramPart& part : parts.parts()) {
    list.functions.push_back({part.start, part.function->name});
  }
  BPFRIG_ASSIGN_OR_RETURN(list.relocated, RelocatedIn(parts));
  BPFRIG_ASSIGN_OR_RETURN(const BtfExt ext, BtfExt::Read(parts.code().btf_ext()));
  list.lines = LinesIn(parts, ext);
  EndWithFunctions(parts, list.lines);
  return list;
}

}  // namespace bpfrig::kernel_bpf
