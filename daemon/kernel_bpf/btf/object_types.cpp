#include "daemon/kernel_bpf/btf/object_types.h"

#include <bpf/btf.h>

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/debug_sections.h"
#include "daemon/kernel_bpf/btf/dwarf_to_btf.h"
#include "daemon/kernel_bpf/btf/type_layout.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kStrippedHint[] =
    "compilers keep in DWARF what they leave out of BTF, and this object's was stripped: leave it in "
    "(bpf2go: "
    "-no-strip; no llvm-strip -g), or add `struct NAME *unused_NAME;` as a global, or load an object that "
    "has "
    "the type with types_only, and name it as `object/type`";
constexpr char kElsewhereHint[] =
    "load an object that has the type with types_only, and name it as `object/type`; the kernel's own are "
    "`vmlinux/type`";

bool HasCutEnum(TypeRef type, int depth, size_t& budget) {
  const StrippedType stripped = Strip(type);
  if (stripped.type == nullptr || depth > kMaxNesting) return false;
  if (IsCutEnum(stripped.type)) return true;
  if (btf_is_array(stripped.type)) {
    return HasCutEnum({type.btf, btf_array(stripped.type)->type}, depth + 1, budget);
  }
  for (const Member& member : MembersOf(stripped, budget)) {
    if (HasCutEnum(member.type, depth + 1, budget)) return true;
  }
  return false;
}

bool AnyEnumWasCut(const struct btf* btf) {
  const uint32_t count = btf == nullptr ? 0 : btf__type_cnt(btf);
  for (uint32_t id = 1; id < count; ++id) {
    if (IsCutEnum(btf__type_by_id(btf, id))) return true;
  }
  return false;
}

}  // namespace

ObjectTypes::ObjectTypes(const struct btf* btf, absl::string_view elf)
    : btf_(btf), has_cut_enums_(AnyEnumWasCut(btf)), dwarf_(new Dwarf{DebugSections(elf), std::nullopt}) {}

absl::StatusOr<ObjectTypes> ObjectTypes::FromElf(absl::string_view elf) {
  BPFRIG_ASSIGN_OR_RETURN(BtfTypes btf, BtfTypes::FromElf(elf));
  ObjectTypes types(btf.types().get(), elf);
  types.owned_ = std::move(btf);
  return types;
}

const absl::StatusOr<BtfTypes>& ObjectTypes::FromDwarf() const {
  if (!dwarf_->types) {
    const absl::StatusOr<std::string>& sections = dwarf_->sections;
    dwarf_->types = sections.ok() ? DwarfToBtf(*sections) : absl::StatusOr<BtfTypes>(sections.status());
  }
  return *dwarf_->types;
}

bool ObjectTypes::IsStripped() const { return dwarf_->sections.ok() && dwarf_->sections->empty(); }

TypeRef ObjectTypes::Whole(TypeRef type) const {
  size_t budget = kMostMembers;
  if (!has_cut_enums_ || IsStripped() || !HasCutEnum(type, 0, budget)) return type;
  const std::string name = PlainTypeName(type);
  const absl::StatusOr<BtfTypes>& dwarf = FromDwarf();
  if (name.empty() || !dwarf.ok()) return type;
  const absl::StatusOr<TypeRef> whole = dwarf->types().Find(name);
  const bool is_same = whole.ok() && SizeOf(*whole).value_or(0) == SizeOf(type).value_or(0);
  return is_same ? *whole : type;
}

absl::StatusOr<TypeRef> ObjectTypes::Find(absl::string_view name) const {
  const absl::StatusOr<TypeRef> in_btf = btf_.Find(name);
  if (in_btf.ok()) return Whole(*in_btf);
  if (IsStripped()) return NotFound(name, in_btf.status());
  const absl::StatusOr<BtfTypes>& dwarf = FromDwarf();
  if (!dwarf.ok()) return NotFound(name, in_btf.status());
  const absl::StatusOr<TypeRef> in_dwarf = dwarf->types().Find(name);
  return in_dwarf.ok() ? in_dwarf : NotFound(name, in_btf.status());
}

std::vector<std::string> ObjectTypes::Names() const {
  std::vector<std::string> names = btf_.Names();
  if (!IsStripped() && FromDwarf().ok()) {
    for (std::string& more : FromDwarf()->types().Names()) names.push_back(std::move(more));
  }
  const std::set<std::string> unique(names.begin(), names.end());
  return {unique.begin(), unique.end()};
}

absl::Status ObjectTypes::NotFound(absl::string_view name, const absl::Status& in_btf) const {
  // Without BTF or DWARF nothing was compiled with -g.
  if (btf_.get() == nullptr && IsStripped()) return in_btf;
  std::string where = "in its BTF or its DWARF";
  if (IsStripped()) {
    where = "in its BTF, and no DWARF";
  } else if (!FromDwarf().ok()) {
    where = absl::StrCat("in its BTF; ", FromDwarf().status().message());
  }
  const absl::string_view bare = name.substr(name.rfind(' ') + 1);
  const bool is_declared = base::DetailOf(in_btf).reason == base::Reason::kNoType && btf_.get() != nullptr;
  const absl::Status status =
      is_declared
          ? base::MakeError(base::Reason::kNoType,
                            absl::StrCat("type \"", name, "\" is only declared in this object; it is ",
                                         "defined neither in its BTF nor in its DWARF"))
          : base::MakeError(base::Reason::kUnknownName,
                            absl::StrCat("the object has no type \"", name, "\" ", where, "; it has ",
                                         common::NamesNear(bare, Names())));
  return base::WithHint(base::WithObject(status, name), IsStripped() ? kStrippedHint : kElsewhereHint);
}

}  // namespace bpfrig::kernel_bpf
