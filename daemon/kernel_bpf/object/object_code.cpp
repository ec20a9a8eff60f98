#include "daemon/kernel_bpf/object/object_code.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>

#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kText[] = ".text";
constexpr size_t kInstructionBytes = sizeof(struct bpf_insn);

bool IsLongLoad(const struct bpf_insn& instruction) {
  return instruction.code == (BPF_LD | BPF_IMM | BPF_DW);
}

bool IsFunctionCall(const struct bpf_insn& instruction) {
  return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == BPF_PSEUDO_CALL;
}

// A function's own symbol, or that of the section with local functions.
bool IsOfCode(const Elf64_Sym& symbol) {
  const int type = ELF64_ST_TYPE(symbol.st_info);
  return type == STT_FUNC || (type == STT_SECTION && ELF64_ST_BIND(symbol.st_info) == STB_LOCAL);
}

void SortAndUnite(std::vector<uint32_t>& indexes) {
  std::sort(indexes.begin(), indexes.end());
  indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
}

}  // namespace

absl::StatusOr<ObjectCode> ObjectCode::Read(absl::string_view elf) {
  BPFRIG_ASSIGN_OR_RETURN(const ElfImage image, ElfImage::Read(elf));
  BPFRIG_ASSIGN_OR_RETURN(const ElfSymbols symbols, ElfSymbols::Read(image));
  ObjectCode code;
  code.AddSections(image);
  code.AddFunctions(symbols);
  for (size_t i = 0; i < image.size(); ++i) {
    const Elf64_Shdr& header = image.Header(i);
    if (header.sh_type != SHT_REL || header.sh_info >= code.sections_.size()) continue;
    code.AddRelocations(image.Bytes(i), code.sections_[header.sh_info], symbols);
  }
  for (Section& section : code.sections_) {
    SortAndUnite(section.relocated);
    AddNearCalls(section);
    SortAndUnite(section.relocated);
    std::sort(section.references.begin(), section.references.end(),
              [](const CodeReference& a, const CodeReference& b) { return a.index < b.index; });
  }
  return code;
}

void ObjectCode::AddSections(const ElfImage& image) {
  for (size_t i = 0; i < image.size(); ++i) {
    Section& section = sections_.emplace_back();
    const absl::string_view name = image.Name(i);
    section_numbers_.emplace(name, i);
    if (name == ".BTF.ext") btf_ext_ = std::string(image.Bytes(i));
    const Elf64_Shdr& header = image.Header(i);
    if (header.sh_type != SHT_PROGBITS || (header.sh_flags & SHF_EXECINSTR) == 0) continue;
    if (name == kText) text_ = i;
    section.instructions.resize(image.Bytes(i).size() / kInstructionBytes);
    if (section.instructions.empty()) continue;
    std::memcpy(section.instructions.data(), image.Bytes(i).data(),
                section.instructions.size() * kInstructionBytes);
  }
}

void ObjectCode::AddFunctions(const ElfSymbols& symbols) {
  for (size_t i = 0; i < symbols.size(); ++i) {
    const Elf64_Sym& symbol = symbols[i];
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx >= sections_.size()) continue;
    const size_t size = sections_[symbol.st_shndx].instructions.size();
    const size_t first = symbol.st_value / kInstructionBytes;
    const size_t count = symbol.st_size / kInstructionBytes;
    if (count == 0 || first > size || count > size - first) continue;
    functions_.push_back({std::string(symbols.Name(i)), symbol.st_shndx, static_cast<uint32_t>(first),
                          static_cast<uint32_t>(count)});
  }
  std::sort(functions_.begin(), functions_.end(), [](const CodeFunction& a, const CodeFunction& b) {
    return std::tie(a.section, a.first, a.name) < std::tie(b.section, b.first, b.name);
  });
}

void ObjectCode::AddRelocations(absl::string_view entries, Section& section, const ElfSymbols& symbols) {
  for (; entries.size() >= sizeof(Elf64_Rel); entries.remove_prefix(sizeof(Elf64_Rel))) {
    Elf64_Rel relocation;
    std::memcpy(&relocation, entries.data(), sizeof(relocation));
    AddRelocation(relocation, section, symbols);
  }
}

void ObjectCode::AddRelocation(const Elf64_Rel& relocation, Section& section, const ElfSymbols& symbols) {
  const size_t place = relocation.r_offset / kInstructionBytes;
  const size_t number = ELF64_R_SYM(relocation.r_info);
  if (place >= section.instructions.size() || number >= symbols.size()) return;
  const auto index = static_cast<uint32_t>(place);
  const struct bpf_insn& instruction = section.instructions[index];
  section.relocated.push_back(index);
  if (IsLongLoad(instruction) && index + 1 < section.instructions.size()) {
    section.relocated.push_back(index + 1);
  }
  const Elf64_Sym& symbol = symbols[number];
  if (!text_ || symbol.st_shndx != *text_) return;
  // Of a global function the symbol says it all; of a local one it is the section's, and the rest stands in
  // the instruction.
  const auto value = static_cast<int64_t>(symbol.st_value);
  const auto bytes = static_cast<int64_t>(kInstructionBytes);
  if (IsFunctionCall(instruction)) {
    section.references.push_back({index, value / bytes + instruction.imm + 1});
  } else if (IsLongLoad(instruction) && IsOfCode(symbol)) {
    section.references.push_back({index, (value + instruction.imm) / bytes});
  }
}

void ObjectCode::AddNearCalls(Section& section) {
  std::vector<uint32_t> calls;
  for (uint32_t i = 0; i < section.instructions.size(); ++i) {
    if (!IsFunctionCall(section.instructions[i])) continue;
    if (std::binary_search(section.relocated.begin(), section.relocated.end(), i)) continue;
    section.references.push_back({i, int64_t{i} + section.instructions[i].imm + 1});
    calls.push_back(i);
  }
  section.relocated.insert(section.relocated.end(), calls.begin(), calls.end());
}

const CodeFunction* ObjectCode::FindProgram(absl::string_view name) const {
  const CodeFunction* in_text = nullptr;
  for (const CodeFunction& function : functions_) {
    if (function.name != name) continue;
    // A local function of .text may have the same name.
    if (function.section != text_) return &function;
    in_text = &function;
  }
  return in_text;
}

const CodeFunction* ObjectCode::FunctionAt(int64_t instruction) const {
  if (!text_) return nullptr;
  const auto behind = std::upper_bound(
      functions_.begin(), functions_.end(), instruction, [this](int64_t place, const CodeFunction& function) {
        return std::make_pair(*text_, place) < std::make_pair(function.section, int64_t{function.first});
      });
  if (behind == functions_.begin()) return nullptr;
  const CodeFunction& function = *std::prev(behind);
  if (function.section != *text_ || instruction >= int64_t{function.first} + function.count) return nullptr;
  return &function;
}

const std::vector<CodeReference>& ObjectCode::References(size_t section) const {
  return sections_[section].references;
}

const std::vector<uint32_t>& ObjectCode::Relocated(size_t section) const {
  return sections_[section].relocated;
}

bool ObjectCode::IsLong(size_t section, uint32_t index) const {
  const std::vector<struct bpf_insn>& instructions = sections_[section].instructions;
  return index < instructions.size() && IsLongLoad(instructions[index]);
}

std::optional<size_t> ObjectCode::FindSection(absl::string_view name) const {
  const auto found = section_numbers_.find(name);
  if (found == section_numbers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace bpfrig::kernel_bpf
