// ObjectCode: the functions in an object's ELF file, which of their instructions are relocated, and which
// functions they call. Libbpf puts a program together from these and tells nobody how, so that is done once
// more here, and checked against what it loaded (program_origin.h). ObjectLoader makes one for every object.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/object/elf_image.h"
#include "daemon/kernel_bpf/object/elf_symbols.h"

namespace bpfrig::kernel_bpf {

// A call, or the address of a function: of the instruction at `index` of its section to the one at `target`
// of .text, where libbpf looks for all functions that are not programs.
struct CodeReference {
  uint32_t index;
  int64_t target;
};

struct CodeFunction {
  std::string name;
  size_t section;
  // Where in its section, in instructions.
  uint32_t first;
  uint32_t count;
};

class ObjectCode {
 public:
  // Of a file that CheckBpfElf has passed; nothing of it is borrowed. BAD_OBJECT if its sections or symbols
  // are broken. What makes no sense in them is left out.
  [[nodiscard]] static absl::StatusOr<ObjectCode> Read(absl::string_view elf);

  // The program of that name; nullptr if there is none.
  [[nodiscard]] const CodeFunction* FindProgram(absl::string_view name) const;
  // The function of .text with that instruction; nullptr if there is none.
  [[nodiscard]] const CodeFunction* FunctionAt(int64_t instruction) const;
  // By index.
  [[nodiscard]] const std::vector<CodeReference>& References(size_t section) const;
  // The instructions that libbpf fills in, both halves of long ones, by index; without CO-RE.
  [[nodiscard]] const std::vector<uint32_t>& Relocated(size_t section) const;
  // Whether the instruction takes two places.
  [[nodiscard]] bool IsLong(size_t section, uint32_t index) const;
  // The first section of that name.
  [[nodiscard]] std::optional<size_t> FindSection(absl::string_view name) const;

  // The bytes of its .BTF.ext; empty if it has none.
  [[nodiscard]] absl::string_view btf_ext() const { return btf_ext_; }
  // For the fuzzer.
  [[nodiscard]] const std::vector<CodeFunction>& functions() const { return functions_; }

 private:
  struct Section {
    // Empty for one that has no code.
    std::vector<struct bpf_insn> instructions;
    std::vector<CodeReference> references;
    std::vector<uint32_t> relocated;
  };

  ObjectCode() = default;
  void AddSections(const ElfImage& image);
  void AddFunctions(const ElfSymbols& symbols);
  void AddRelocations(absl::string_view entries, Section& section, const ElfSymbols& symbols);
  void AddRelocation(const Elf64_Rel& relocation, Section& section, const ElfSymbols& symbols);
  // Those of functions in the same section have no relocation.
  static void AddNearCalls(Section& section);

  std::vector<Section> sections_;
  std::map<std::string, size_t, std::less<>> section_numbers_;
  std::optional<size_t> text_;
  std::vector<CodeFunction> functions_;  // by section and place
  std::string btf_ext_;
};

}  // namespace bpfrig::kernel_bpf
