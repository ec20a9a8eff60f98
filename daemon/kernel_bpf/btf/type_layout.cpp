#include "daemon/kernel_bpf/btf/type_layout.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

// Callers do not list data sections that the kernel never sees as a map's value.
void AppendVariables(const StrippedType& section, std::vector<Member>& members) {
  const struct btf* btf = section.ref.btf;
  const struct btf_var_secinfo* info = btf_var_secinfos(section.type);
  for (uint16_t i = 0; i < btf_vlen(section.type); ++i, ++info) {
    const struct btf_type* variable = btf__type_by_id(btf, info->type);
    if (variable == nullptr || !btf_is_var(variable)) continue;
    Member member;
    member.name = NameOf(btf, variable);
    member.type = {btf, variable->type};
    member.bit_offset = uint64_t{info->offset} * 8;
    members.push_back(member);
  }
}

// Before kernel 4.20's member flag, an integer type with fewer bits than its size made a bitfield.
uint32_t LegacyBitfieldBits(const StrippedType& type, uint64_t& bit_offset) {
  if (type.type == nullptr || !btf_is_int(type.type)) return 0;
  uint32_t bits = btf_int_bits(type.type);
  if (bits == type.type->size * 8 && btf_int_offset(type.type) == 0 && bit_offset % 8 == 0) return 0;
  bit_offset += btf_int_offset(type.type);
  return bits;
}

void AppendMembers(const StrippedType& outer, uint64_t base_bits, int depth, size_t& budget,
                   std::vector<Member>& members) {
  if (depth > kMaxNesting) return;
  const struct btf* btf = outer.ref.btf;
  const struct btf_member* found = btf_members(outer.type);
  for (uint16_t i = 0; i < btf_vlen(outer.type) && budget > 0; ++i, ++found) {
    --budget;
    Member member;
    const char* name = btf__name_by_offset(btf, found->name_off);
    member.name = name == nullptr ? "" : name;
    member.type = {btf, found->type};
    member.bit_offset = base_bits + btf_member_bit_offset(outer.type, i);
    member.bitfield_bits = btf_member_bitfield_size(outer.type, i);
    StrippedType stripped = Strip(member.type);
    if (member.bitfield_bits == 0) member.bitfield_bits = LegacyBitfieldBits(stripped, member.bit_offset);
    if (!member.name.empty()) {
      members.push_back(member);
    } else if (stripped.type != nullptr && btf_is_composite(stripped.type)) {
      AppendMembers(stripped, member.bit_offset, depth + 1, budget, members);
    }
  }
}

// Calls `visit(name, sign-extended value)` for each enumerator until it returns true.
template <typename Visit>
void ForEachEnumerator(TypeRef ref, const Visit& visit) {
  const struct btf_type* type = btf__type_by_id(ref.btf, ref.id);
  for (uint16_t i = 0; i < btf_vlen(type); ++i) {
    uint32_t name_offset = 0;
    uint64_t value = 0;
    if (btf_is_enum(type)) {
      const struct btf_enum& entry = btf_enum(type)[i];
      name_offset = entry.name_off;
      value = IsSignedEnum(type) ? static_cast<uint64_t>(int64_t{entry.val}) : uint32_t(entry.val);
    } else {
      // Not struct btf_enum64, which older kernel headers lack: three words of name, low and high half.
      const uint32_t* words = reinterpret_cast<const uint32_t*>(type + 1) + size_t{i} * 3;
      name_offset = words[0];
      value = (uint64_t{words[2]} << 32) | words[1];
    }
    const char* name = btf__name_by_offset(ref.btf, name_offset);
    if (visit(absl::string_view(name == nullptr ? "" : name), value)) return;
  }
}

}  // namespace

StrippedType Strip(TypeRef type) {
  for (int depth = 0; depth < kMaxNesting; ++depth) {
    const struct btf_type* found = btf__type_by_id(type.btf, type.id);
    if (found == nullptr) return {type, nullptr};
    if (!btf_is_mod(found) && !btf_is_typedef(found)) return {type, found};
    type.id = found->type;
  }
  return {type, nullptr};
}

std::vector<Member> MembersOf(const StrippedType& type) {
  size_t budget = kMostMembers;
  return MembersOf(type, budget);
}

std::vector<Member> MembersOf(const StrippedType& type, size_t& budget) {
  std::vector<Member> members;
  if (type.type == nullptr) return members;
  members.reserve(btf_vlen(type.type));
  if (btf_is_datasec(type.type)) {
    AppendVariables(type, members);
  } else if (btf_is_composite(type.type)) {
    AppendMembers(type, 0, 0, budget, members);
  }
  if (budget == 0) members.clear();
  return members;
}

bool IsChar(const StrippedType& type) {
  return type.type != nullptr && btf_is_int(type.type) && type.type->size == 1 &&
         NameOf(type.ref.btf, type.type) == "char";
}

bool IsSignedEnum(const struct btf_type* type) {
  if (btf_kflag(type)) return true;
  if (!btf_is_enum(type)) return false;
  for (uint16_t i = 0; i < btf_vlen(type); ++i) {
    if (btf_enum(type)[i].val < 0) return true;
  }
  return false;
}

bool IsCutEnum(const struct btf_type* type) { return btf_is_enum(type) && type->size == sizeof(uint64_t); }

bool IsFlexibleArray(const StrippedType& type) {
  return type.type != nullptr && btf_is_array(type.type) && btf_array(type.type)->nelems == 0;
}

bool HasFlexibleEnd(TypeRef type) {
  for (int depth = 0; depth < kMaxNesting; ++depth) {
    const StrippedType stripped = Strip(type);
    if (IsFlexibleArray(stripped)) return depth > 0;
    if (stripped.type == nullptr || !btf_is_struct(stripped.type)) return false;
    const std::vector<Member> members = MembersOf(stripped);
    if (members.empty()) return false;
    type = members.back().type;
  }
  return false;
}

std::vector<Enumerator> EnumeratorsOf(TypeRef type) {
  std::vector<Enumerator> enumerators;
  const struct btf_type* found = btf__type_by_id(type.btf, type.id);
  if (found == nullptr || !btf_is_any_enum(found)) return enumerators;
  ForEachEnumerator(type, [&](absl::string_view name, uint64_t value) {
    enumerators.push_back({name, value});
    return false;
  });
  return enumerators;
}

std::vector<std::string> EnumeratorNames(TypeRef type) {
  std::vector<std::string> names;
  ForEachEnumerator(type, [&](absl::string_view name, uint64_t) {
    names.emplace_back(name);
    return false;
  });
  return names;
}

bool FindEnumerator(TypeRef type, absl::string_view wanted, uint64_t& value) {
  bool found = false;
  ForEachEnumerator(type, [&](absl::string_view name, uint64_t candidate) {
    if (name != wanted) return false;
    value = candidate;
    found = true;
    return true;
  });
  return found;
}

absl::string_view FindEnumeratorName(TypeRef type, uint64_t value) {
  absl::string_view found;
  ForEachEnumerator(type, [&](absl::string_view name, uint64_t candidate) {
    if (candidate != value) return false;
    found = name;
    return true;
  });
  return found;
}

absl::string_view NameOf(const struct btf* btf, const struct btf_type* type) {
  const char* name = btf__name_by_offset(btf, type->name_off);
  return name == nullptr ? "" : name;
}

std::string WithArticle(absl::string_view type_name) {
  bool vowel = !type_name.empty() && absl::string_view("aeiou").find(type_name[0]) != absl::string_view::npos;
  // "a u32", but "an unsigned int".
  if (type_name.size() > 1 && std::isdigit(static_cast<unsigned char>(type_name[1])) != 0) vowel = false;
  return absl::StrCat(vowel ? "an " : "a ", type_name);
}

absl::Status BrokenBtf(TypeRef type) {
  return base::MakeError(base::Reason::kBadObject,
                         absl::StrCat("the object's BTF contradicts itself at type ", type.id));
}

}  // namespace bpfrig::kernel_bpf
