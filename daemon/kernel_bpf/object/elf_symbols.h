// ElfSymbols: the symbol table of an ELF object, to be read and changed.
#pragma once

#include <elf.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/object/elf_image.h"

namespace bpfrig::kernel_bpf {

class ElfSymbols {
 public:
  // BAD_OBJECT if the file has none, or not where its header says.
  [[nodiscard]] static absl::StatusOr<ElfSymbols> Read(const ElfImage& image);

  [[nodiscard]] size_t size() const { return symbols_.size(); }
  [[nodiscard]] const Elf64_Sym& operator[](size_t symbol) const { return symbols_[symbol]; }
  [[nodiscard]] Elf64_Sym& operator[](size_t symbol) { return symbols_[symbol]; }
  // Empty if it has none.
  [[nodiscard]] absl::string_view Name(size_t symbol) const;

  // Puts them into the file that they were read from.
  void Store(ElfImage& image) const;

 private:
  size_t section_ = 0;
  std::string names_;
  std::vector<Elf64_Sym> symbols_;
};

}  // namespace bpfrig::kernel_bpf
