#include "client/schema/field_schema.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "bpfrig/v1/rules.pb.h"
#include "bpfrig/v1/value.pb.h"
#include "client/schema/comments.h"
#include "proto/rules/field_words.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::client::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool IsValue(const FieldDescriptor& field) { return field.message_type() == v1::Value::descriptor(); }
bool IsNamedValues(const FieldDescriptor& field) {
  return field.is_repeated() && field.message_type() == v1::Field::descriptor();
}
bool IsReturnValue(const FieldDescriptor& field) {
  return rules::RulesOf(field).number() == v1::NUMBER_RULE_RETURN_VALUE;
}

// Fields of the same message, by their keys.
std::vector<std::string> Keys(const google::protobuf::RepeatedPtrField<std::string>& names,
                              const Descriptor& type) {
  std::vector<std::string> keys;
  for (const std::string& name : names) keys.push_back(rules::PlanName(*type.FindFieldByName(name)));
  return keys;
}

// Those that cannot stand beside the field.
std::vector<const FieldDescriptor*> ExcludedBy(const FieldDescriptor& field) {
  std::vector<const FieldDescriptor*> excluded;
  for (const std::string& name : rules::RulesOf(field).excludes()) {
    const FieldDescriptor* other = field.containing_type()->FindFieldByName(name);
    if (!rules::IsHidden(*other)) excluded.push_back(other);
  }
  const auto* oneof = field.containing_oneof();
  for (int i = 0; oneof != nullptr && i < oneof->field_count(); ++i) {
    if (oneof->field(i)->index() < field.index()) excluded.push_back(oneof->field(i));
  }
  return excluded;
}

// The other way round, too.
std::vector<std::string> NotWith(const FieldDescriptor& field) {
  std::vector<std::string> keys;
  const Descriptor& type = *field.containing_type();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& other = *type.field(i);
    const auto excludes = [](const FieldDescriptor& a, const FieldDescriptor& b) {
      const auto excluded = ExcludedBy(a);
      return std::find(excluded.begin(), excluded.end(), &b) != excluded.end();
    };
    if (rules::IsHidden(other) || (!excludes(field, other) && !excludes(other, field))) continue;
    keys.push_back(absl::StrCat("`", rules::PlanName(other), "`"));
  }
  return keys;
}

// A field that is false says nothing, and so excludes nothing.
Json NotBoth(const FieldDescriptor& a, const FieldDescriptor& b) {
  Json both = {{"required", {rules::PlanName(a), rules::PlanName(b)}}};
  for (const FieldDescriptor* field : {&a, &b}) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      both["properties"][rules::PlanName(*field)] = {{"const", true}};
    }
  }
  return {{"not", std::move(both)}};
}

std::string Limits(const FieldDescriptor& field) {
  const v1::FieldRules& rules = rules::RulesOf(field);
  if (rules.maximum_items() != 0 && rules.maximum_message_bytes() == 0) {
    return absl::StrCat(", at most ", rules.maximum_items());
  }
  return rules.maximum_bytes() != 0 ? absl::StrCat(", at most ", rules.maximum_bytes(), " bytes") : "";
}

// What a request's field takes, in the words of the messages about it.
std::string TitleOf(const FieldDescriptor& field) {
  if (IsNamedValues(field)) return "a mapping of names to values";
  const FieldDescriptor* short_for = rules::ShortFor(field);
  const std::string& example = rules::RulesOf(short_for != nullptr ? *short_for : field).example();
  std::string one = IsValue(field)     ? "a value"
                    : !example.empty() ? example
                                       : rules::Expected(short_for != nullptr ? *short_for : field);
  if (short_for != nullptr && !field.is_repeated()) absl::StrAppend(&one, ", or a mapping");
  if (!field.is_repeated()) return one + Limits(field);
  if (field.message_type() == nullptr) return absl::StrCat("a list, each ", one, Limits(field));
  return (!rules::RulesOf(field).example().empty() ? rules::RulesOf(field).example()
          : IsValue(field)                         ? "a list of values"
                                                   : "a list") +
         Limits(field);
}

// What each word of the field means, and what it is without one.
std::string MeaningOfWords(const google::protobuf::EnumDescriptor& type) {
  std::string meaning;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    const std::string word = rules::EnumWord(value);
    const std::string name =
        word.empty() ? "Left out" : absl::StrCat("`", word, "`", i == 0 ? ", the default" : "");
    absl::StrAppend(&meaning, " ", name, ": ", CommentOf(value.full_name()));
  }
  return meaning;
}

std::string MeaningOf(const FieldDescriptor& field) {
  std::string meaning = CommentOf(field.full_name());
  // A plan's durations have a unit.
  if (rules::IsWait(field)) {
    absl::StrReplaceAll({{", in milliseconds", ""}, {"In milliseconds.", "How long it may take."}}, &meaning);
  }
  if (field.enum_type() != nullptr) absl::StrAppend(&meaning, MeaningOfWords(*field.enum_type()));
  if (rules::RulesOf(field).number() == v1::NUMBER_RULE_TIMEOUT) {
    absl::StrAppend(&meaning, " Default: ", rules::kDefaultTimeoutMs / 1000, "s.");
  }
  if (const std::vector<std::string> keys = NotWith(field); !keys.empty()) {
    absl::StrAppend(&meaning, " Not with ", absl::StrJoin(keys, ", "), ".");
  }
  return meaning;
}

Json Number(const FieldDescriptor& field) {
  const rules::NumberRange range = rules::RangeOf(field);
  Json number = {{"type", "integer"}, {"minimum", range.least}};
  // What editors count with cannot hold more.
  if (range.greatest <= uint64_t{1} << 53) number["maximum"] = range.greatest;
  return number;
}

Json Scalar(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return rules::RulesOf(field).true_only() ? Json{{"const", true}} : Json{{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return {{"enum", rules::EnumWords(*field.enum_type())}};
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? Reference(kBytes) : Text();
    default:
      return rules::IsWait(field) ? Duration() : Number(field);
  }
}

// Of a message's member that must be there, unless another one is that excludes it.
Json Needed(const FieldDescriptor& field) {
  const Descriptor& type = *field.message_type();
  std::vector<std::string> needed = Keys(rules::RulesOf(field).needs(), type);
  for (std::string& key : Keys(rules::InPlan(field).needs(), type)) needed.push_back(std::move(key));
  if (needed.empty()) return nullptr;
  std::vector<Json> ways(1, Json{{"required", needed}});
  for (int i = 0; i < type.field_count(); ++i) {
    if (rules::RulesOf(*type.field(i)).excludes_size() == static_cast<int>(needed.size())) {
      ways.push_back({{"required", {rules::PlanName(*type.field(i))}}});
    }
  }
  ways.push_back({{"required", {"<<"}}});
  return AnyOf(std::move(ways));
}

// What stands for a plain value in an expectation: it, a matcher before text, or one before a list.
Json OrMatcher(Json plain, const std::string& text_pattern = "") {
  Json text = {{"type", "string"}};
  if (!text_pattern.empty()) text["pattern"] = text_pattern;
  return AnyOf({std::move(plain), std::move(text), {{"type", "array"}}});
}

Json ExpectedScalar(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return OrMatcher({{"type", "boolean"}}, "^(true|false)$|\\$\\{");
    case FieldDescriptor::CPPTYPE_STRING:
      return OrMatcher(Text());
    case FieldDescriptor::CPPTYPE_ENUM:
      return OrMatcher(Scalar(field));
    default:
      if (IsReturnValue(field)) return OrMatcher({{"type", "integer"}});
      return OrMatcher({{"type", "integer"}, {"minimum", 0}}, "^[0-9]|\\$\\{");
  }
}

std::string ExpectedTitle(const FieldDescriptor& field) {
  const std::string empty_word = rules::EmptyWord(field);
  const bool is_number = field.message_type() == nullptr && rules::RangeOf(field).greatest == UINT32_MAX &&
                         !IsReturnValue(field);
  std::string title = field.is_repeated() ? "a list" : IsValue(field) ? "a value" : rules::Expected(field);
  if (is_number && field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 && !field.is_repeated()) {
    title = "a number that is not negative";
  }
  if (IsReturnValue(field)) {
    absl::StrAppend(&title, ", a negative one, or a name of the headers such as XDP_PASS");
  }
  return empty_word.empty() ? title : absl::StrCat(title, ", or ", empty_word);
}

std::string ExpectedMeaning(const FieldDescriptor& field) {
  std::string meaning = CommentOf(field.full_name());
  if (rules::InPlan(field).empty_unless_expected()) {
    absl::StrAppend(&meaning, " If nothing is expected of it, there must be none.");
  }
  if (rules::InPlan(field).alone()) absl::StrAppend(&meaning, " It stands alone.");
  return meaning;
}

}  // namespace

Json FieldSchemas::Request(const Descriptor& type) {
  Json mapping = Mapping(Json::object(), {});
  for (int i = 0; i < type.field_count(); ++i) AddRequestField(*type.field(i), mapping);
  return mapping;
}

void FieldSchemas::AddRequestField(const Field& field, Json& mapping) {
  if (rules::IsHidden(field)) return;
  const auto& in_plan = rules::InPlan(field);
  const bool is_required = rules::IsRequired(field) || in_plan.required();
  if (in_plan.inlined()) {
    const Json members = Request(*field.message_type());
    mapping["properties"].update(members["properties"]);
    for (const char* rule : {"allOf", "required"}) {
      if (!members.contains(rule) || (!is_required && rule == std::string("required"))) continue;
      for (const Json& each : members[rule]) mapping[rule].push_back(each);
    }
    return;
  }
  const std::string key = rules::PlanName(field);
  mapping["properties"][key] = Described(RequestField(field), TitleOf(field), MeaningOf(field));
  // Where another key gives a name, this one may be left out.
  if (is_required && in_plan.alias().empty()) mapping["required"].push_back(key);
  for (const FieldDescriptor* other : ExcludedBy(field)) mapping["allOf"].push_back(NotBoth(field, *other));
}

Json FieldSchemas::RequestField(const Field& field) {
  if (IsNamedValues(field)) return OrVariable(MappingOf(Json::object()));
  const Json element = RequestElement(field);
  if (!field.is_repeated()) return element;
  Json list = ListOf(element);
  list["minItems"] = 1;
  const v1::FieldRules& rules = rules::RulesOf(field);
  if (rules.maximum_items() != 0 && rules.maximum_message_bytes() == 0)
    list["maxItems"] = rules.maximum_items();
  return OrVariable(std::move(list));
}

Json FieldSchemas::RequestElement(const Field& field) {
  if (IsValue(field)) return Json::object();
  if (field.message_type() == nullptr) return OrVariable(Scalar(field));
  Json part = RequestPart(*field.message_type());
  if (Json needed = Needed(field); !needed.is_null())
    part = {{"allOf", {std::move(part), std::move(needed)}}};
  if (rules::ShortFor(field) != nullptr) return AnyOf({std::move(part), Text()});
  return OrVariable(std::move(part));
}

Json FieldSchemas::RequestPart(const Descriptor& type) {
  if (!definitions_.contains(type.name())) {
    definitions_[type.name()] = nullptr;  // So that a message that has itself ends.
    definitions_[type.name()] = Described(Request(type), "", CommentOf(type.full_name()));
  }
  return Reference(type.name());
}

Json FieldSchemas::Expected(const Descriptor& type) {
  Json properties = Json::object();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (rules::IsHidden(field)) continue;
    const Json expected = ExpectedField(field);
    properties[rules::PlanName(field)] = Described(expected, ExpectedTitle(field), ExpectedMeaning(field));
    const auto& in_plan = rules::InPlan(field);
    if (in_plan.alias_tag().empty()) continue;
    properties[in_plan.alias()] =
        Described(expected, "what the matcher takes",
                  absl::StrCat("The same as `", rules::PlanName(field), ": ", in_plan.alias_tag(), "`."));
  }
  return Mapping(std::move(properties), {});
}

Json FieldSchemas::ExpectedField(const Field& field) {
  if (IsValue(field)) return Json::object();
  Json element = field.message_type() != nullptr               ? ExpectedPart(*field.message_type())
                 : field.type() == FieldDescriptor::TYPE_BYTES ? Reference(kBytes)
                                                               : ExpectedScalar(field);
  if (!field.is_repeated()) return element;
  Json list = ListOf(element);
  // One element stands behind `!contains`.
  return AnyOf({std::move(list), std::move(element), Text()});
}

Json FieldSchemas::ExpectedPart(const Descriptor& type) {
  const std::string name = kExpectPrefix + type.name();
  if (!definitions_.contains(name)) {
    definitions_[name] = nullptr;
    Json mapping = Expected(type);
    mapping["minProperties"] = 1;
    definitions_[name] = Described(AnyOf({std::move(mapping), {{"type", "string"}}, ListOf(Reference(name))}),
                                   "", CommentOf(type.full_name()));
  }
  return Reference(name);
}

}  // namespace bpfrig::client::schema
