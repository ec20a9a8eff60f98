// Where each instruction of a loaded program came from in its object: libbpf puts the functions that a
// program calls behind it, one after the other as the calls come. For replacements and lists of instructions.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "daemon/kernel_bpf/object/object_code.h"

struct btf;

namespace bpfrig::kernel_bpf {

// A function in a program.
struct ProgramPart {
  // Borrowed from the ObjectCode.
  const CodeFunction* function;
  // The index of its first instruction in the program.
  uint32_t start;
};

// A call or an address in a program of another part's first instruction.
struct PartReference {
  uint32_t from;
  uint32_t to;
};

struct ProgramLayout {
  std::vector<ProgramPart> parts;
  std::vector<PartReference> references;
  uint32_t count = 0;
};

// How libbpf would put the program together; nothing if a call leads nowhere, or if it would be longer than
// `most`.
[[nodiscard]] std::optional<ProgramLayout> LayOut(const ObjectCode& code, const CodeFunction& program,
                                                  size_t most);

// The parts of a program that libbpf has put together. UNSUPPORTED if that is not as LayOut has it: the ELF
// file says something that only libbpf understands.
[[nodiscard]] absl::StatusOr<std::vector<ProgramPart>> PartsOf(const ObjectCode& code,
                                                               const std::string& program,
                                                               absl::Span<const struct bpf_insn> loaded);

// Finds instructions of an object in a program.
class PartIndex {
 public:
  // `code` is borrowed; `btf` is the object's, borrowed too, or null.
  PartIndex(const ObjectCode& code, const struct btf* btf, std::vector<ProgramPart> parts);

  // The number of the ELF section that has that name in the BTF's strings, as .BTF.ext names sections.
  [[nodiscard]] std::optional<size_t> SectionNamed(uint32_t name) const;
  // Where the program has the instruction that is at `index` of its section; nothing if it does not have it.
  [[nodiscard]] std::optional<uint32_t> PlaceOf(size_t section, uint32_t index) const;
  // In the order of the program.
  [[nodiscard]] const std::vector<ProgramPart>& parts() const { return parts_; }
  [[nodiscard]] const ObjectCode& code() const { return code_; }
  [[nodiscard]] const struct btf* btf() const { return btf_; }

 private:
  const ObjectCode& code_;
  const struct btf* btf_;
  std::vector<ProgramPart> parts_;
  std::vector<ProgramPart> by_place_;  // by section and place in it
};

// Indexes of the instructions that a relocation filled in, in order. An error is that of the object's
// .BTF.ext, which has those of CO-RE.
[[nodiscard]] absl::StatusOr<std::vector<uint32_t>> RelocatedIn(const PartIndex& parts);

}  // namespace bpfrig::kernel_bpf
