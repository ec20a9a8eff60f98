// The types of one object, wherever it keeps them: in BTF, or in DWARF, where compilers keep what they leave
// out of BTF. BpfObject has them of its object; the worker also of objects that are loaded for their types
// alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/btf_types.h"

namespace bpfrig::kernel_bpf {

class ObjectTypes {
 public:
  // Of an object of types: its programs and maps are ignored. BAD_OBJECT if it is not for BPF, NO_TYPE if it
  // was compiled without -g.
  [[nodiscard]] static absl::StatusOr<ObjectTypes> FromElf(absl::string_view elf);
  // `btf` is the object's, and borrowed; null if it has none. Of `elf` only the DWARF is kept.
  ObjectTypes(const struct btf* btf, absl::string_view elf);

  // By name, as TypeSet::Find. UNKNOWN_NAME and NO_TYPE say where it was looked for.
  [[nodiscard]] absl::StatusOr<TypeRef> Find(absl::string_view name) const;

  // What types it has, each name once; of DWARF only if that can be read.
  [[nodiscard]] std::vector<std::string> Names() const;

  // A type of the object's BTF, or, if an enum in it has lost the upper halves of its values, the same type
  // as DWARF has it; the former if that has none of this name and size.
  [[nodiscard]] TypeRef Whole(TypeRef type) const;

 private:
  // The DWARF's types, read when somebody asks for one that BTF lacks.
  struct Dwarf {
    absl::StatusOr<std::string> sections;
    std::optional<absl::StatusOr<BtfTypes>> types;
  };

  [[nodiscard]] const absl::StatusOr<BtfTypes>& FromDwarf() const;
  [[nodiscard]] bool IsStripped() const;
  [[nodiscard]] absl::Status NotFound(absl::string_view name, const absl::Status& in_btf) const;

  std::optional<BtfTypes> owned_;
  TypeSet btf_;
  bool has_cut_enums_;
  std::unique_ptr<Dwarf> dwarf_;
};

}  // namespace bpfrig::kernel_bpf
