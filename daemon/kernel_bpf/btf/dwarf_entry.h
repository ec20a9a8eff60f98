// One entry (DIE) of DWARF, as the conversion to BTF asks it: attributes that are not there, or are not what
// they should be, are defaults. Wraps libdw's C interface.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace bpfrig::kernel_bpf {

class DwarfEntry {
 public:
  explicit DwarfEntry(const Dwarf_Die& die) : die_(die) {}

  // A DW_TAG_*.
  [[nodiscard]] int Tag() const { return dwarf_tag(&die_); }
  // Its place, which is unique.
  [[nodiscard]] uint64_t Offset() const { return dwarf_dieoffset(&die_); }
  // Empty also for a name that no program has.
  [[nodiscard]] std::string Name() const;
  // A number that fits in 63 bits and is not negative.
  [[nodiscard]] std::optional<uint64_t> Number(unsigned attribute) const;
  // The byte of its struct that a member begins at; nothing if that cannot be told.
  [[nodiscard]] std::optional<uint64_t> MemberOffset() const;
  // A constant as 64 bits; `is_signed` says what those are whose form does not.
  [[nodiscard]] uint64_t Constant(unsigned attribute, bool is_signed) const;
  [[nodiscard]] bool Has(unsigned attribute) const { return dwarf_hasattr(&die_, attribute) != 0; }
  // The entry that DW_AT_type refers to; nothing for void.
  [[nodiscard]] std::optional<DwarfEntry> Type() const;
  // In order, until `look` returns false.
  void ForEachChild(const std::function<bool(const DwarfEntry& child)>& look) const;
  [[nodiscard]] std::optional<DwarfEntry> FirstChild() const;
  [[nodiscard]] std::optional<DwarfEntry> NextSibling() const;

 private:
  // libdw notes what it has looked up already.
  mutable Dwarf_Die die_;
};

}  // namespace bpfrig::kernel_bpf
