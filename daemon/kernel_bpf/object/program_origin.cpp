#include "daemon/kernel_bpf/object/program_origin.h"

#include <bpf/btf.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/btf_ext.h"

namespace bpfrig::kernel_bpf {
namespace {

bool Has(const CodeFunction& function, uint32_t index) {
  return index >= function.first && index - function.first < function.count;
}

std::pair<size_t, uint32_t> PlaceIn(const CodeFunction& function) {
  return {function.section, function.first};
}

// Puts one program together, depth first, as libbpf does.
class Layouter {
 public:
  Layouter(const ObjectCode& code, size_t most) : code_(code), most_(most) {}

  std::optional<ProgramLayout> Run(const CodeFunction& program) {
    Append(program);
    while (!open_.empty()) {
      if (layout_.count > most_ || !Step()) return std::nullopt;
    }
    return std::move(layout_);
  }

 private:
  // A part whose references are not followed to the end.
  struct Open {
    size_t part;
    size_t next_reference;
  };

  void Append(const CodeFunction& function) {
    const std::vector<CodeReference>& references = code_.References(function.section);
    const auto first = std::lower_bound(
        references.begin(), references.end(), function.first,
        [](const CodeReference& reference, uint32_t index) { return reference.index < index; });
    open_.push_back({layout_.parts.size(), static_cast<size_t>(first - references.begin())});
    layout_.parts.push_back({&function, layout_.count});
    layout_.count += function.count;
  }

  // Follows one reference; false if it leads nowhere.
  bool Step() {
    Open& open = open_.back();
    const ProgramPart part = layout_.parts[open.part];
    const std::vector<CodeReference>& references = code_.References(part.function->section);
    if (open.next_reference == references.size() ||
        !Has(*part.function, references[open.next_reference].index)) {
      open_.pop_back();
      return true;
    }
    const CodeReference& reference = references[open.next_reference++];
    const CodeFunction* function = code_.FunctionAt(reference.target);
    if (function == nullptr) return false;
    const auto [found, is_new] = starts_.emplace(function, layout_.count);
    layout_.references.push_back({part.start + (reference.index - part.function->first), found->second});
    if (is_new) Append(*function);
    return true;
  }

  const ObjectCode& code_;
  const size_t most_;
  ProgramLayout layout_;
  std::vector<Open> open_;
  std::map<const CodeFunction*, uint32_t> starts_;
};

bool LeadsTo(const struct bpf_insn& instruction, const PartReference& reference) {
  return int64_t{reference.from} + instruction.imm + 1 == reference.to;
}

}  // namespace

std::optional<ProgramLayout> LayOut(const ObjectCode& code, const CodeFunction& program, size_t most) {
  return Layouter(code, most).Run(program);
}

absl::StatusOr<std::vector<ProgramPart>> PartsOf(const ObjectCode& code, const std::string& program,
                                                 absl::Span<const struct bpf_insn> loaded) {
  const CodeFunction* function = code.FindProgram(program);
  std::optional<ProgramLayout> layout;
  if (function != nullptr) layout = LayOut(code, *function, loaded.size());
  const bool is_same =
      layout && layout->count == loaded.size() &&
      std::all_of(layout->references.begin(), layout->references.end(),
                  [&](const PartReference& reference) { return LeadsTo(loaded[reference.from], reference); });
  if (is_same) return std::move(layout->parts);
  return base::WithHint(
      base::WithObject(
          base::MakeError(base::Reason::kUnsupported,
                          absl::StrCat("finding the instructions of program \"", program,
                                       "\" in its object: libbpf put it together in a way that its "
                                       "symbols and relocations do not tell")),
          program),
      "compile the object again with clang -target bpf -O2 -g -c, and keep its symbols");
}

PartIndex::PartIndex(const ObjectCode& code, const struct btf* btf, std::vector<ProgramPart> parts)
    : code_(code), btf_(btf), parts_(std::move(parts)), by_place_(parts_) {
  std::sort(by_place_.begin(), by_place_.end(), [](const ProgramPart& a, const ProgramPart& b) {
    return PlaceIn(*a.function) < PlaceIn(*b.function);
  });
}

std::optional<size_t> PartIndex::SectionNamed(uint32_t name) const {
  const char* text = btf_ == nullptr ? nullptr : btf__str_by_offset(btf_, name);
  return text == nullptr ? std::nullopt : code_.FindSection(text);
}

std::optional<uint32_t> PartIndex::PlaceOf(size_t section, uint32_t index) const {
  const auto behind = std::upper_bound(
      by_place_.begin(), by_place_.end(), std::make_pair(section, index),
      [](const auto& place, const ProgramPart& part) { return place < PlaceIn(*part.function); });
  if (behind == by_place_.begin()) return std::nullopt;
  const ProgramPart& part = *std::prev(behind);
  if (part.function->section != section || !Has(*part.function, index)) return std::nullopt;
  return part.start + (index - part.function->first);
}

absl::StatusOr<std::vector<uint32_t>> RelocatedIn(const PartIndex& parts) {
  const ObjectCode& code = parts.code();
  std::vector<uint32_t> relocated;
  const auto add = [&](size_t section, uint32_t index) {
    if (const std::optional<uint32_t> place = parts.PlaceOf(section, index)) relocated.push_back(*place);
  };
  for (const ProgramPart& part : parts.parts()) {
    const CodeFunction& function = *part.function;
    const std::vector<uint32_t>& all = code.Relocated(function.section);
    auto index = std::lower_bound(all.begin(), all.end(), function.first);
    for (; index != all.end() && Has(function, *index); ++index) add(function.section, *index);
  }
  BPFRIG_ASSIGN_OR_RETURN(const BtfExt ext, BtfExt::Read(code.btf_ext()));
  for (const auto& in_section : ext.relocations) {
    const std::optional<size_t> section = parts.SectionNamed(in_section.section_name);
    if (!section) continue;
    for (const RelocationRecord& record : in_section.records) {
      add(*section, record.instruction);
      if (code.IsLong(*section, record.instruction)) add(*section, record.instruction + 1);
    }
  }
  std::sort(relocated.begin(), relocated.end());
  relocated.erase(std::unique(relocated.begin(), relocated.end()), relocated.end());
  return relocated;
}

}  // namespace bpfrig::kernel_bpf
