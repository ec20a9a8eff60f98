#include "daemon/kernel_bpf/object/elf_symbols.h"

#include <cstring>

#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {

absl::StatusOr<ElfSymbols> ElfSymbols::Read(const ElfImage& image) {
  ElfSymbols symbols;
  while (symbols.section_ < image.size() && image.Header(symbols.section_).sh_type != SHT_SYMTAB) {
    ++symbols.section_;
  }
  if (symbols.section_ == image.size()) {
    return base::MakeError(base::Reason::kBadObject, "the ELF object has no symbols");
  }
  const size_t names = image.Header(symbols.section_).sh_link;
  if (names >= image.size()) {
    return base::MakeError(base::Reason::kBadObject, "the ELF object's symbols have no names");
  }
  symbols.names_ = std::string(image.Bytes(names));
  const absl::string_view bytes = image.Bytes(symbols.section_);
  symbols.symbols_.resize(bytes.size() / sizeof(Elf64_Sym));
  if (!symbols.symbols_.empty()) {
    std::memcpy(symbols.symbols_.data(), bytes.data(), symbols.symbols_.size() * sizeof(Elf64_Sym));
  }
  return symbols;
}

absl::string_view ElfSymbols::Name(size_t symbol) const { return ElfName(names_, symbols_[symbol].st_name); }

void ElfSymbols::Store(ElfImage& image) const {
  image.SetBytes(section_, std::string(reinterpret_cast<const char*>(symbols_.data()),
                                       symbols_.size() * sizeof(Elf64_Sym)));
}

}  // namespace bpfrig::kernel_bpf
