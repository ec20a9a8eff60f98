#include "client/check/check_value.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/ip_address.h"
#include "common/near_names.h"
#include "common/number.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::MemberDescription;
using bpfrig::v1::TypeDescription;
using bpfrig::v1::Value;
using plan::NodePtr;
using plan::Pattern;
using plan::PatternKind;

// Where a value goes: a type, and if it is a member its name and bits.
struct Place {
  TypeRef type;
  std::string name;
  uint32_t bitfield_bits = 0;
  std::string type_name;
};

bool HasMembers(const TypeDescription& type) {
  return type.kind() == bpfrig::v1::TYPE_KIND_STRUCT || type.kind() == bpfrig::v1::TYPE_KIND_UNION ||
         type.kind() == bpfrig::v1::TYPE_KIND_DATA_SECTION;
}

bool IsNumber(const TypeDescription& type) {
  return type.kind() == bpfrig::v1::TYPE_KIND_INTEGER || type.kind() == bpfrig::v1::TYPE_KIND_CHAR;
}

// Numbers, and what is written as one.
bool IsScalar(const TypeDescription& type) {
  return IsNumber(type) || type.kind() == bpfrig::v1::TYPE_KIND_BOOL ||
         type.kind() == bpfrig::v1::TYPE_KIND_ENUM || type.kind() == bpfrig::v1::TYPE_KIND_FLOAT;
}

const MemberDescription* FindMember(const TypeDescription& type, absl::string_view name) {
  for (const MemberDescription& member : type.members()) {
    if (member.name() == name) return &member;
  }
  return nullptr;
}

std::vector<std::string> MemberNames(const TypeDescription& type) {
  std::vector<std::string> names;
  for (const MemberDescription& member : type.members()) names.push_back(member.name());
  return names;
}

const bpfrig::v1::EnumeratorDescription* FindEnumerator(const TypeDescription& type, absl::string_view name) {
  for (const auto& enumerator : type.enumerators()) {
    if (enumerator.name() == name) return &enumerator;
  }
  return nullptr;
}

std::vector<std::string> EnumeratorNames(const TypeDescription& type) {
  std::vector<std::string> names;
  for (const auto& enumerator : type.enumerators()) names.push_back(enumerator.name());
  return names;
}

std::string TypeWords(const Place& place) {
  return place.type_name.empty() ? NameOf(place.type) : place.type_name;
}

// `"port" is of type __u16`
std::string Subject(const Place& place) {
  return absl::StrCat(place.name.empty() ? "the value" : absl::StrCat("\"", place.name, "\""), " is of type ",
                      TypeWords(place),
                      place.bitfield_bits == 0 ? "" : absl::StrCat(" with ", place.bitfield_bits, " bits"));
}

NodePtr Element(const NodePtr& node, size_t index) {
  return node->IsSequence() && index < node->items.size() ? node->items[index] : node;
}

class Checker {
 public:
  explicit Checker(plan::Problems& problems) : problems_(problems) {}

  void Look(const Place& place, const Value& value, const NodePtr& node) {
    const TypeDescription* type = Resolve(place.type);
    if (type == nullptr) return;
    switch (value.kind_case()) {
      case Value::kFields:
        return LookAtFields(place, *type, value.fields(), node);
      case Value::kList:
        return LookAtList(place, *type, value.list(), node);
      case Value::kText:
        return LookAtText(place, *type, value.text(), *node);
      case Value::kUnsignedInteger:
        return LookAtNumber(place, *type, value.unsigned_integer(), false, *node);
      case Value::kSignedInteger:
        return LookAtNumber(place, *type, static_cast<uint64_t>(value.signed_integer()),
                            value.signed_integer() < 0, *node);
      case Value::kTag:
        return LookAtTag(place, *type, value.tag(), *node);
      default:
        return;
    }
  }

  void Look(const Place& place, const Pattern& pattern) {
    const TypeDescription* type = Resolve(place.type);
    if (type == nullptr || pattern.node == nullptr) return;
    switch (pattern.kind) {
      case PatternKind::kEqual:
        return Look(place, pattern.value, pattern.node);
      case PatternKind::kFields:
        return LookAtFields(place, *type, pattern);
      case PatternKind::kList:
        return LookAtList(place, *type, pattern);
      case PatternKind::kNot:
      case PatternKind::kAnyOf:
        for (const Pattern& operand : pattern.parts) Look(place, operand);
        return;
      default:
        return;
    }
  }

 private:
  void Add(const plan::Mark& mark, std::string message) { problems_.Add(mark, std::move(message)); }

  void DoesNotGoInto(const Place& place, absl::string_view what, const plan::Mark& mark) {
    Add(mark, absl::StrCat(Subject(place), "; ", what, " does not go into it"));
  }

  // The member of that name; null, with a problem, if there is none.
  const MemberDescription* Member(const Place& place, const TypeDescription& type, const std::string& name,
                                  const plan::Mark& mark) {
    if (const MemberDescription* member = FindMember(type, name)) return member;
    const std::vector<std::string> names = MemberNames(type);
    Add(mark, absl::StrCat(TypeWords(place), " has no member \"", name, "\"", common::DidYouMean(name, names),
                           "; it has ", common::NamesNear(name, names)));
    return nullptr;
  }

  static Place PlaceOf(const Place& outer, const MemberDescription& member) {
    return {{outer.type.object, member.type()}, member.name(), member.bitfield_bits(), member.type_name()};
  }

  // Whether the type has members to name; a problem if it surely has none.
  bool TakesFields(const Place& place, const TypeDescription& type, const plan::Mark& mark) {
    if (IsScalar(type)) DoesNotGoInto(place, "a mapping", mark);
    return HasMembers(type);
  }

  bool TakesList(const Place& place, const TypeDescription& type, size_t count, const plan::Mark& mark) {
    if (IsScalar(type) || HasMembers(type)) DoesNotGoInto(place, "a list", mark);
    if (type.kind() != bpfrig::v1::TYPE_KIND_ARRAY) return false;
    if (type.element_count() != 0 && count > type.element_count()) {
      Add(mark, absl::StrCat(Subject(place), "; the list has ", count, " elements"));
    }
    return true;
  }

  void LookAtFields(const Place& place, const TypeDescription& type, const bpfrig::v1::ValueFields& fields,
                    const NodePtr& node) {
    if (!TakesFields(place, type, node->mark)) return;
    for (int i = 0; i < fields.fields_size(); ++i) {
      const bpfrig::v1::Field& field = fields.fields(i);
      const auto index = static_cast<size_t>(i);
      const bool is_written = node->IsMapping() && index < node->pairs.size();
      const plan::Mark& mark = is_written ? node->pairs[index].key->mark : node->mark;
      const MemberDescription* member = Member(place, type, field.name(), mark);
      if (member == nullptr) continue;
      Look(PlaceOf(place, *member), field.value(), is_written ? node->pairs[index].value : node);
    }
  }

  void LookAtFields(const Place& place, const TypeDescription& type, const Pattern& pattern) {
    if (!TakesFields(place, type, pattern.node->mark)) return;
    for (size_t i = 0; i < pattern.parts.size(); ++i) {
      const bool is_written = pattern.node->IsMapping() && i < pattern.node->pairs.size();
      const plan::Mark& mark = is_written ? pattern.node->pairs[i].key->mark : pattern.node->mark;
      const MemberDescription* member = Member(place, type, pattern.names[i], mark);
      if (member != nullptr) Look(PlaceOf(place, *member), pattern.parts[i]);
    }
  }

  void LookAtList(const Place& place, const TypeDescription& type, const bpfrig::v1::ValueList& list,
                  const NodePtr& node) {
    const auto count = static_cast<size_t>(list.values_size());
    if (!TakesList(place, type, count, node->mark)) return;
    for (size_t i = 0; i < count; ++i) {
      Look({{place.type.object, type.of()}, place.name, 0, ""}, list.values(static_cast<int>(i)),
           Element(node, i));
    }
  }

  void LookAtList(const Place& place, const TypeDescription& type, const Pattern& pattern) {
    if (!TakesList(place, type, pattern.parts.size(), pattern.node->mark)) return;
    for (const Pattern& part : pattern.parts) Look({{place.type.object, type.of()}, place.name, 0, ""}, part);
  }

  void LookAtText(const Place& place, const TypeDescription& type, const std::string& text,
                  const plan::Node& node) {
    switch (type.kind()) {
      case bpfrig::v1::TYPE_KIND_ENUM:
        return LookAtEnumerators(place, type, text, node);
      case bpfrig::v1::TYPE_KIND_BOOL:
        if (text != "true" && text != "false") {
          Add(node.mark, absl::StrCat(Subject(place), "; it is true or false, not \"", text, "\""));
        }
        return;
      case bpfrig::v1::TYPE_KIND_ARRAY: {
        const TypeDescription* element = Resolve({place.type.object, type.of()});
        if (element == nullptr) return;
        if (element->kind() != bpfrig::v1::TYPE_KIND_CHAR) {
          DoesNotGoInto(place, "text, which is for arrays of char,", node.mark);
        } else if (type.element_count() != 0 && text.size() > type.element_count()) {
          Add(node.mark, absl::StrCat(Subject(place), "; the text has ", text.size(), " characters"));
        }
        return;
      }
      default:
        if (IsNumber(type) || HasMembers(type)) DoesNotGoInto(place, "text", node.mark);
    }
  }

  // One, or several as flags: "A|B".
  void LookAtEnumerators(const Place& place, const TypeDescription& type, const std::string& text,
                         const plan::Node& node) {
    for (absl::string_view part : absl::StrSplit(text, '|')) {
      part = absl::StripAsciiWhitespace(part);
      uint64_t number = 0;
      if (FindEnumerator(type, part) != nullptr ||
          common::ParseNumber(part, number) != common::NumberKind::kNone) {
        continue;
      }
      const std::vector<std::string> names = EnumeratorNames(type);
      Add(node.mark,
          absl::StrCat(TypeWords(place), " has no enumerator \"", part, "\"", common::DidYouMean(part, names),
                       "; it has ", common::NamesNear(part, names)));
    }
  }

  void LookAtNumber(const Place& place, const TypeDescription& type, uint64_t number, bool is_negative,
                    const plan::Node& node) {
    if (HasMembers(type) || type.kind() == bpfrig::v1::TYPE_KIND_ARRAY) {
      return DoesNotGoInto(place, "a number", node.mark);
    }
    if (!IsNumber(type) && type.kind() != bpfrig::v1::TYPE_KIND_ENUM) return;
    const uint64_t bits = place.bitfield_bits != 0 ? place.bitfield_bits : type.size() * 8;
    if (bits == 0 || bits > 64) return;
    const uint64_t value_bits = type.is_signed() ? bits - 1 : bits;
    const uint64_t greatest = value_bits == 0 ? 0 : UINT64_MAX >> (64 - value_bits);
    // The least one is the greatest with all bits turned over.
    const bool fits = is_negative ? type.is_signed() && ~number <= greatest : number <= greatest;
    if (fits) return;
    Add(node.mark,
        absl::StrCat(Subject(place), "; ",
                     is_negative ? absl::StrCat(static_cast<int64_t>(number)) : absl::StrCat(number),
                     " does not fit"));
  }

  void LookAtTag(const Place& place, const TypeDescription& type, const bpfrig::v1::Tag& tag,
                 const plan::Node& node) {
    uint64_t bytes = 0;
    if (tag.has_ip()) bytes = common::ParseIpAddress(tag.ip()).size();
    if (tag.has_network_integer()) bytes = tag.network_integer().bits() / 8;
    if (tag.has_hex()) bytes = tag.hex().size();
    const bool is_flexible = type.kind() == bpfrig::v1::TYPE_KIND_ARRAY && type.element_count() == 0;
    if (type.size() == 0 || is_flexible || bytes <= type.size()) return;
    // A member at the end may be a flexible array, which takes more than the struct's own size.
    if (tag.has_hex() && HasMembers(type)) return;
    Add(node.mark, absl::StrCat(Subject(place), ", which has ", type.size(),
                                type.size() == 1 ? " byte; " : " bytes; ", node.tag, " writes ", bytes));
  }

  plan::Problems& problems_;
};

}  // namespace

void CheckValue(const TypeRef& type, absl::string_view name, const Value& value, const NodePtr& node,
                plan::Problems& problems) {
  if (type.IsKnown()) Checker(problems).Look(Place{type, std::string(name), 0, ""}, value, node);
}

void CheckPattern(const TypeRef& type, absl::string_view name, const Pattern& pattern,
                  plan::Problems& problems) {
  if (type.IsKnown()) Checker(problems).Look(Place{type, std::string(name), 0, ""}, pattern);
}

}  // namespace bpfrig::client::check
