#include "daemon/kernel_bpf/btf/btf_types.h"

#include <bpf/btf.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/errno_name.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/check_btf.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kInvisibleHint[] =
    "compilers drop types that nothing visible uses: define it in the object and add `struct NAME "
    "*unused_NAME;` as "
    "a global, or load an object that does so with types_only and name the type as `object/type`";

std::string NameAtDepth(TypeRef ref, int depth);

std::string TaggedName(absl::string_view keyword, absl::string_view name) {
  return name.empty() ? absl::StrCat("anonymous ", keyword) : absl::StrCat(keyword, " ", name);
}

std::string ArrayName(TypeRef ref, const struct btf_type* type, int depth) {
  const struct btf_array* array = btf_array(type);
  return absl::StrCat("array of ", array->nelems, " ", NameAtDepth({ref.btf, array->type}, depth + 1));
}

std::string NameAtDepth(TypeRef ref, int depth) {
  if (ref.id == 0) return "void";
  const struct btf_type* type = ref.btf == nullptr ? nullptr : btf__type_by_id(ref.btf, ref.id);
  if (type == nullptr || depth > kMaxNesting) return absl::StrCat("broken type ", ref.id);
  absl::string_view name = NameOf(ref.btf, type);
  switch (btf_kind(type)) {
    case BTF_KIND_STRUCT:
      return TaggedName("struct", name);
    case BTF_KIND_UNION:
      return TaggedName("union", name);
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
      return TaggedName("enum", name);
    case BTF_KIND_FWD:
      return TaggedName(btf_kflag(type) ? "union" : "struct", name);
    case BTF_KIND_ARRAY:
      return ArrayName(ref, type, depth);
    case BTF_KIND_PTR:
      return absl::StrCat("pointer to ", NameAtDepth({ref.btf, type->type}, depth + 1));
    case BTF_KIND_DATASEC:
      return absl::StrCat("data section ", name);
    case BTF_KIND_FUNC:
    case BTF_KIND_FUNC_PROTO:
      return absl::StrCat("function ", name);
    case BTF_KIND_CONST:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_TYPE_TAG:
    case BTF_KIND_VAR:
      return NameAtDepth({ref.btf, type->type}, depth + 1);
    default:
      return std::string(name);
  }
}

// What a caller may name: kinds that C names types by, and data sections.
enum class Tag { kAny, kStruct, kUnion, kEnum };

Tag TakeTag(absl::string_view& name) {
  if (absl::ConsumePrefix(&name, "struct ")) return Tag::kStruct;
  if (absl::ConsumePrefix(&name, "union ")) return Tag::kUnion;
  if (absl::ConsumePrefix(&name, "enum ")) return Tag::kEnum;
  return Tag::kAny;
}

bool IsTag(const struct btf_type* type, Tag tag) {
  return (btf_is_struct(type) && (tag == Tag::kStruct || tag == Tag::kAny)) ||
         (btf_is_union(type) && (tag == Tag::kUnion || tag == Tag::kAny)) ||
         (btf_is_any_enum(type) && (tag == Tag::kEnum || tag == Tag::kAny));
}

bool IsPlainName(const struct btf_type* type, Tag tag) {
  return tag == Tag::kAny &&
         (btf_is_typedef(type) || btf_is_int(type) || btf_is_float(type) || btf_is_datasec(type));
}

absl::Status NoBtf() {
  return base::WithHint(base::MakeError(base::Reason::kNoType, "the object has no BTF"),
                        "compile it with clang -target bpf -g");
}

// The result of searching all types for one name.
struct Search {
  uint32_t found = 0;
  bool is_forward = false;
  std::vector<std::string> names;
};

Search SearchTypes(const struct btf* btf, absl::string_view name, Tag tag) {
  Search search;
  uint32_t plain = 0;
  uint32_t count = btf__type_cnt(btf);
  for (uint32_t id = 1; id < count; ++id) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    bool tagged = IsTag(type, tag);
    if (!tagged && !IsPlainName(type, tag) && !btf_is_fwd(type)) continue;
    absl::string_view candidate = NameOf(btf, type);
    if (candidate.empty()) continue;
    if (candidate != name) {
      if (tagged || btf_is_typedef(type)) search.names.emplace_back(candidate);
    } else if (btf_is_fwd(type)) {
      search.is_forward = true;
    } else if (tagged) {
      // A struct goes before a typedef of the same name: callers mostly leave the keyword out.
      search.found = id;
      return search;
    } else if (plain == 0) {
      plain = id;
    }
  }
  search.found = plain;
  return search;
}

}  // namespace

std::string TypeName(TypeRef type) { return NameAtDepth(type, 0); }

std::string PlainTypeName(TypeRef type) {
  const struct btf_type* found = btf__type_by_id(type.btf, type.id);
  for (int depth = 0; found != nullptr && btf_is_mod(found) && depth < kMaxNesting; ++depth) {
    found = btf__type_by_id(type.btf, found->type);
  }
  return found == nullptr ? "" : std::string(NameOf(type.btf, found));
}

bool IsComposite(TypeRef type) {
  const StrippedType stripped = Strip(type);
  return stripped.type != nullptr && btf_is_composite(stripped.type);
}

absl::StatusOr<size_t> SizeOf(TypeRef type) {
  StrippedType stripped = Strip(type);
  if (stripped.type == nullptr) return BrokenBtf(type);
  if (btf_is_fwd(stripped.type)) {
    return base::WithHint(
        base::MakeError(base::Reason::kNoType, absl::StrCat(TypeName(stripped.ref),
                                                            " is only declared in this object, not defined")),
        kInvisibleHint);
  }
  int64_t size = stripped.ref.id == 0 ? -EINVAL : btf__resolve_size(type.btf, stripped.ref.id);
  if (size < 0) {
    return base::MakeError(base::Reason::kNoType, absl::StrCat(TypeName(type), " has no size"));
  }
  return static_cast<size_t>(size);
}

absl::StatusOr<TypeRef> TypeSet::Find(absl::string_view name) const {
  if (btf_ == nullptr) return NoBtf();
  absl::string_view bare = name;
  Tag tag = TakeTag(bare);
  Search search = SearchTypes(btf_, bare, tag);
  if (search.found != 0) {
    TypeRef type{btf_, search.found};
    absl::StatusOr<size_t> size = SizeOf(type);
    if (!size.ok()) return base::WithObject(size.status(), name);
    return type;
  }
  absl::Status status =
      search.is_forward
          ? base::MakeError(base::Reason::kNoType,
                            absl::StrCat("type \"", name, "\" is only declared in this object, not defined"))
          : base::MakeError(base::Reason::kUnknownName,
                            absl::StrCat("the object has no type \"", name, "\"; it has ",
                                         common::NamesNear(bare, std::move(search.names))));
  return base::WithHint(base::WithObject(status, name), kInvisibleHint);
}

std::vector<std::string> TypeSet::Names() const {
  if (btf_ == nullptr) return {};
  // No type is called so.
  return SearchTypes(btf_, "/", Tag::kAny).names;
}

absl::StatusOr<BtfTypes> BtfTypes::FromElf(absl::string_view elf) {
  BPFRIG_RETURN_IF_ERROR(CheckBpfElf(elf));
  BPFRIG_ASSIGN_OR_RETURN(absl::string_view section, FindElfSection(elf, ".BTF"));
  if (section.empty()) return NoBtf();
  LibbpfOutput output;
  struct btf* btf = btf__new(section.data(), static_cast<uint32_t>(section.size()));
  if (btf == nullptr) {
    return base::MakeError(base::Reason::kBadObject,
                           absl::StrCat("the object's BTF is broken: ", output.LastLine()));
  }
  BtfTypes types(btf);
  BPFRIG_RETURN_IF_ERROR(CheckBtf(btf));
  return types;
}

absl::StatusOr<BtfTypes> BtfTypes::FromKernel() {
  LibbpfOutput output;
  struct btf* btf = btf__load_vmlinux_btf();
  if (btf != nullptr) return BtfTypes(btf);
  return base::MakeError(base::Reason::kUnsupported,
                         absl::StrCat("reading the kernel's BTF: ", common::ErrnoName(errno)));
}

void BtfTypes::Free::operator()(struct btf* btf) const { btf__free(btf); }

}  // namespace bpfrig::kernel_bpf
