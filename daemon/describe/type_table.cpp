#include "daemon/describe/type_table.h"

#include <bpf/btf.h>

#include <string>

#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::describe {
namespace {

// Beyond these the description says that it is cut short. Programs have some hundred types.
constexpr size_t kMaxTypes = 20'000;

v1::TypeKind KindOf(const kernel_bpf::TypeRef& ref, const struct btf_type* type) {
  switch (btf_kind(type)) {
    case BTF_KIND_INT:
      if ((btf_int_encoding(type) & BTF_INT_BOOL) != 0) return v1::TYPE_KIND_BOOL;
      return kernel_bpf::IsChar({ref, type}) ? v1::TYPE_KIND_CHAR : v1::TYPE_KIND_INTEGER;
    case BTF_KIND_FLOAT:
      return v1::TYPE_KIND_FLOAT;
    case BTF_KIND_PTR:
      return v1::TYPE_KIND_POINTER;
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return v1::TYPE_KIND_ENUM;
    case BTF_KIND_STRUCT:
      return v1::TYPE_KIND_STRUCT;
    case BTF_KIND_UNION:
      return v1::TYPE_KIND_UNION;
    case BTF_KIND_ARRAY:
      return v1::TYPE_KIND_ARRAY;
    case BTF_KIND_TYPEDEF:
      return v1::TYPE_KIND_TYPEDEF;
    case BTF_KIND_FWD:
      return v1::TYPE_KIND_FORWARD;
    case BTF_KIND_DATASEC:
      return v1::TYPE_KIND_DATA_SECTION;
    default:
      return v1::TYPE_KIND_UNSPECIFIED;
  }
}

// The id behind const, volatile and the like; 0 for a chain that is broken.
uint32_t WithoutModifiers(const struct btf* btf, uint32_t id) {
  for (int depth = 0; depth < kernel_bpf::kMaxNesting; ++depth) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    if (type == nullptr) return 0;
    if (!btf_is_mod(type)) return id;
    id = type->type;
  }
  return 0;
}

}  // namespace

uint32_t TypeTable::Add(uint32_t btf_id) {
  if (btf_ == nullptr) return 0;
  const uint32_t id = WithoutModifiers(btf_, btf_id);
  const struct btf_type* type = id == 0 ? nullptr : btf__type_by_id(btf_, id);
  if (type == nullptr || KindOf({btf_, id}, type) == v1::TYPE_KIND_UNSPECIFIED) return 0;
  const auto [known, is_new] = ids_.try_emplace(id, static_cast<uint32_t>(before_ + added_.size() + 1));
  if (!is_new) return known->second;
  if (added_.size() >= kMaxTypes) {
    out_.set_types_truncated(true);
    return known->second = 0;
  }
  added_.push_back(id);
  return known->second;
}

void TypeTable::AddNamed() {
  if (btf_ == nullptr) return;
  const uint32_t count = btf__type_cnt(btf_);
  for (uint32_t id = 1; id < count; ++id) {
    const struct btf_type* type = btf__type_by_id(btf_, id);
    // Data sections are added as maps' values; others are the compiler's own.
    if (btf_is_datasec(type) || btf_is_mod(type) || kernel_bpf::NameOf(btf_, type).empty()) continue;
    (void)Add(id);
  }
}

void TypeTable::Finish() {
  // Describing one adds those that it is made of.
  for (size_t i = 0; i < added_.size(); ++i) {
    v1::TypeDescription& out = *out_.add_types();
    out.set_id(static_cast<uint32_t>(before_ + i + 1));
    Describe(added_[i], out);
  }
}

void TypeTable::Describe(uint32_t btf_id, v1::TypeDescription& out) {
  const kernel_bpf::TypeRef ref{btf_, btf_id};
  const struct btf_type* type = btf__type_by_id(btf_, btf_id);
  out.set_name(std::string(kernel_bpf::NameOf(btf_, type)));
  out.set_kind(KindOf(ref, type));
  out.set_size(kernel_bpf::SizeOf(ref).value_or(0));
  switch (out.kind()) {
    case v1::TYPE_KIND_INTEGER:
    case v1::TYPE_KIND_CHAR:
      out.set_is_signed((btf_int_encoding(type) & BTF_INT_SIGNED) != 0);
      return;
    case v1::TYPE_KIND_TYPEDEF:
      out.set_of(Add(type->type));
      return;
    case v1::TYPE_KIND_ARRAY:
      out.set_of(Add(btf_array(type)->type));
      out.set_element_count(btf_array(type)->nelems);
      return;
    case v1::TYPE_KIND_ENUM:
      out.set_is_signed(kernel_bpf::IsSignedEnum(type));
      [[fallthrough]];
    default:
      DescribeMembers(btf_id, out);
  }
}

void TypeTable::DescribeMembers(uint32_t btf_id, v1::TypeDescription& out) {
  const kernel_bpf::TypeRef ref{btf_, btf_id};
  for (const kernel_bpf::Member& member : kernel_bpf::MembersOf(kernel_bpf::Strip(ref), members_left_)) {
    v1::MemberDescription& described = *out.add_members();
    described.set_name(std::string(member.name));
    described.set_type(Add(member.type.id));
    described.set_type_name(kernel_bpf::TypeName(member.type));
    described.set_bit_offset(member.bit_offset);
    described.set_bitfield_bits(member.bitfield_bits);
  }
  for (const kernel_bpf::Enumerator& enumerator : kernel_bpf::EnumeratorsOf(ref)) {
    if (members_left_ == 0) break;
    --members_left_;
    v1::EnumeratorDescription& described = *out.add_enumerators();
    described.set_name(std::string(enumerator.name));
    described.set_value(static_cast<int64_t>(enumerator.value));
  }
  if (members_left_ == 0) out_.set_types_truncated(true);
}

}  // namespace bpfrig::describe
