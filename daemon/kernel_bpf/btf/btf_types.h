// BTF as a store of named types. BtfTypes owns a struct btf (of an ELF object's .BTF section, or the running
// kernel's); TypeSet looks names up in one, which is owned here or by a BpfObject; TypeRef is one type of it.
// The worker resolves `key_type: frontend_key` through these and hands the TypeRef to encode.h and decode.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct btf;

namespace bpfrig::kernel_bpf {

// One type. Borrows the struct btf, which must outlive it.
struct TypeRef {
  const struct btf* btf = nullptr;
  uint32_t id = 0;
};

// Its name as C writes it: "struct frontend_key", "__u32", "array of 7 __u32"; never fails.
[[nodiscard]] std::string TypeName(TypeRef type);
// Its name as a caller would give it back to Find: "frontend_key"; empty for an anonymous type.
[[nodiscard]] std::string PlainTypeName(TypeRef type);
// Its size in bytes. NO_TYPE for void, functions and forward declarations.
[[nodiscard]] absl::StatusOr<size_t> SizeOf(TypeRef type);

// Whether it is a struct or union, also by another name.
[[nodiscard]] bool IsComposite(TypeRef type);

// The types of one struct btf. Borrows it.
class TypeSet {
 public:
  explicit TypeSet(const struct btf* btf) : btf_(btf) {}

  // By name: "frontend_key", "struct frontend_key", "__u32", a typedef, or a data section such as ".data".
  // UNKNOWN_NAME if there is none, naming those that are near or exist; NO_TYPE if there is only a forward
  // declaration, or no BTF at all, with a hint how to make the type visible.
  [[nodiscard]] absl::StatusOr<TypeRef> Find(absl::string_view name) const;

  // What can be named: structs, unions, enums and typedefs.
  [[nodiscard]] std::vector<std::string> Names() const;
  // Null if the object has no BTF.
  [[nodiscard]] const struct btf* get() const { return btf_; }

 private:
  const struct btf* btf_;
};

class BtfTypes {
 public:
  // Of an ELF object's bytes: its programs and maps are ignored. BAD_OBJECT if it is not for BPF, NO_TYPE if
  // it has no BTF (compiled without -g).
  [[nodiscard]] static absl::StatusOr<BtfTypes> FromElf(absl::string_view elf);
  // The running kernel's, from /sys/kernel/btf/vmlinux. UNSUPPORTED if the kernel has none.
  [[nodiscard]] static absl::StatusOr<BtfTypes> FromKernel();
  // Takes over a struct btf, as built with libbpf's btf__add_* functions.
  explicit BtfTypes(struct btf* btf) : btf_(btf) {}

  [[nodiscard]] TypeSet types() const { return TypeSet(btf_.get()); }

 private:
  struct Free {
    void operator()(struct btf* btf) const;
  };
  std::unique_ptr<struct btf, Free> btf_;
};

}  // namespace bpfrig::kernel_bpf
