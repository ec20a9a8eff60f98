// ElfImage: an ELF object's bytes on their way to libbpf, with sections renamed, changed or added. What stays
// keeps its place in the file: what is new goes behind it, with a section table of its own. legacy_maps.h
// works on one. Not libelf, which is not made for hostile files, and writes only to descriptors.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/elf_file.h"

namespace bpfrig::kernel_bpf {

class ElfImage {
 public:
  // Of a file that CheckBpfElf has passed, which is borrowed. BAD_OBJECT if its section table is broken, or a
  // section has no name.
  [[nodiscard]] static absl::StatusOr<ElfImage> Read(absl::string_view elf);

  [[nodiscard]] size_t size() const { return sections_.size(); }
  // The bytes of the file that was read.
  [[nodiscard]] size_t file_size() const { return elf_.size(); }
  // As it was read, but for what was changed since. Valid until the next change.
  [[nodiscard]] const Elf64_Shdr& Header(size_t section) const { return sections_[section].header; }
  [[nodiscard]] absl::string_view Name(size_t section) const { return sections_[section].name; }
  // Empty for one that has no bytes in the file, or whose bytes lie outside of it.
  [[nodiscard]] absl::string_view Bytes(size_t section) const;
  // The first of that name.
  [[nodiscard]] std::optional<size_t> Find(absl::string_view name) const;

  // The section that has the names of all.
  [[nodiscard]] size_t Names() const;

  void Rename(size_t section, absl::string_view name);
  void SetBytes(size_t section, std::string bytes);
  // A section of program data, without flags.
  size_t Add(absl::string_view name, std::string bytes);

  [[nodiscard]] std::string Write() const;

 private:
  struct Section {
    Elf64_Shdr header;
    std::string name;
    absl::string_view bytes;
    std::optional<std::string> changed;
  };

  ElfImage(absl::string_view elf, std::vector<Section> sections)
      : elf_(elf), sections_(std::move(sections)) {}
  // Where the names section has `name` from now on.
  [[nodiscard]] uint32_t AddName(absl::string_view name);

  absl::string_view elf_;
  std::vector<Section> sections_;
};

}  // namespace bpfrig::kernel_bpf
