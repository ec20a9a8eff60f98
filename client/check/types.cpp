#include "client/check/types.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::ObjectDescription;
using bpfrig::v1::TypeDescription;

// More typedefs in a row are a broken description.
constexpr int kMostTypedefs = 64;

// The word that C puts before the names of such types; empty for none.
absl::string_view Keyword(bpfrig::v1::TypeKind kind) {
  switch (kind) {
    case bpfrig::v1::TYPE_KIND_STRUCT:
      return "struct ";
    case bpfrig::v1::TYPE_KIND_UNION:
      return "union ";
    case bpfrig::v1::TYPE_KIND_ENUM:
      return "enum ";
    default:
      return "";
  }
}

const TypeDescription* At(const TypeRef& type) {
  if (!type.IsKnown() || type.id > static_cast<uint32_t>(type.object->types_size())) return nullptr;
  return &type.object->types(static_cast<int>(type.id) - 1);
}

}  // namespace

const TypeDescription* Resolve(const TypeRef& type) {
  TypeRef current = type;
  for (int i = 0; i < kMostTypedefs; ++i) {
    const TypeDescription* found = At(current);
    if (found == nullptr || found->kind() != bpfrig::v1::TYPE_KIND_TYPEDEF) return found;
    current.id = found->of();
  }
  return nullptr;
}

TypeRef FindType(const ObjectDescription& object, absl::string_view name) {
  TypeRef plain;
  for (const TypeDescription& type : object.types()) {
    absl::string_view bare = name;
    const absl::string_view keyword = Keyword(type.kind());
    const bool has_keyword = !keyword.empty() && absl::ConsumePrefix(&bare, keyword);
    if (type.name() != bare || type.kind() == bpfrig::v1::TYPE_KIND_FORWARD) continue;
    // A struct goes before a typedef of the same name: plans mostly leave the keyword out.
    if (has_keyword || !keyword.empty()) return {&object, type.id()};
    if (!plain.IsKnown()) plain = {&object, type.id()};
  }
  return plain;
}

std::vector<std::string> TypeNames(const ObjectDescription& object) {
  std::vector<std::string> names;
  for (const TypeDescription& type : object.types()) {
    const bool is_named = !Keyword(type.kind()).empty() || type.kind() == bpfrig::v1::TYPE_KIND_TYPEDEF;
    if (is_named && !type.name().empty()) names.push_back(type.name());
  }
  return names;
}

bool MayHaveMoreTypes(const ObjectDescription& object) {
  return (object.has_dwarf() && !object.dwarf_read()) || object.types_truncated();
}

std::string NameOf(const TypeRef& type) {
  const TypeDescription* found = At(type);
  if (found == nullptr) return "its type";
  if (found->kind() == bpfrig::v1::TYPE_KIND_ARRAY) {
    const TypeDescription* element = At({type.object, found->of()});
    if (element == nullptr || element->name().empty()) return "its type";
    return absl::StrCat("array of ", found->element_count(), " ", Keyword(element->kind()), element->name());
  }
  if (found->name().empty()) return "its type";
  return absl::StrCat(Keyword(found->kind()), found->name());
}

}  // namespace bpfrig::client::check
