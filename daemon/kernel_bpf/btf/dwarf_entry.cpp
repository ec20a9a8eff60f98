#include "daemon/kernel_bpf/btf/dwarf_entry.h"

#include <dwarf.h>

#include <cstring>

namespace bpfrig::kernel_bpf {
namespace {

// A name can be any part of the strings, and be given to any number of entries.
constexpr size_t kLongestName = 511;
// As far as an entry's children are followed.
constexpr int kMostChildren = 1 << 16;

}  // namespace

std::string DwarfEntry::Name() const {
  Dwarf_Attribute attribute;
  if (dwarf_attr(&die_, DW_AT_name, &attribute) == nullptr) return "";
  const char* name = dwarf_formstring(&attribute);
  if (name == nullptr) return "";
  const size_t length = ::strnlen(name, kLongestName + 1);
  return length > kLongestName ? "" : std::string(name, length);
}

std::optional<uint64_t> DwarfEntry::Number(unsigned name) const {
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (dwarf_attr(&die_, name, &attribute) == nullptr) return std::nullopt;
  if (dwarf_formudata(&attribute, &number) != 0 || number > INT64_MAX) return std::nullopt;
  return number;
}

std::optional<uint64_t> DwarfEntry::MemberOffset() const {
  Dwarf_Attribute attribute;
  // A union's members have none.
  if (dwarf_attr(&die_, DW_AT_data_member_location, &attribute) == nullptr) return 0;
  if (const std::optional<uint64_t> number = Number(DW_AT_data_member_location)) return number;
  // Until DWARF 2: an expression that adds it to the struct's address.
  Dwarf_Op* operations = nullptr;
  size_t count = 0;
  if (dwarf_getlocation(&attribute, &operations, &count) != 0 || count != 1) return std::nullopt;
  if (operations[0].atom != DW_OP_plus_uconst) return std::nullopt;
  return operations[0].number;
}

uint64_t DwarfEntry::Constant(unsigned name, bool is_signed) const {
  Dwarf_Attribute attribute;
  if (dwarf_attr(&die_, name, &attribute) == nullptr) return 0;
  const unsigned form = dwarf_whatform(&attribute);
  Dwarf_Sword signed_number = 0;
  Dwarf_Word number = 0;
  if (form == DW_FORM_sdata || (is_signed && form != DW_FORM_udata)) {
    return dwarf_formsdata(&attribute, &signed_number) == 0 ? static_cast<uint64_t>(signed_number) : 0;
  }
  return dwarf_formudata(&attribute, &number) == 0 ? number : 0;
}

std::optional<DwarfEntry> DwarfEntry::Type() const {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (dwarf_attr(&die_, DW_AT_type, &attribute) == nullptr) return std::nullopt;
  if (dwarf_formref_die(&attribute, &type) == nullptr) return std::nullopt;
  return DwarfEntry(type);
}

std::optional<DwarfEntry> DwarfEntry::FirstChild() const {
  Dwarf_Die child;
  if (dwarf_child(&die_, &child) != 0) return std::nullopt;
  return DwarfEntry(child);
}

std::optional<DwarfEntry> DwarfEntry::NextSibling() const {
  Dwarf_Die sibling;
  if (dwarf_siblingof(&die_, &sibling) != 0) return std::nullopt;
  return DwarfEntry(sibling);
}

void DwarfEntry::ForEachChild(const std::function<bool(const DwarfEntry& child)>& look) const {
  std::optional<DwarfEntry> child = FirstChild();
  for (int count = 0; child && count < kMostChildren && look(*child); ++count) child = child->NextSibling();
}

}  // namespace bpfrig::kernel_bpf
