#include "proto/rules/field_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/errno_name.h"
#include "common/ip_address.h"
#include "common/ip_prefix.h"
#include "common/name.h"
#include "common/near_names.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::rules {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// Symbols and sections of an object, with the object's name before them.
constexpr size_t kMaxReferenceBytes = 256;

bool IsOneLine(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

// CONNECTION_END_ of ConnectionEnd.
std::string ValuePrefix(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  return prefix + "_";
}

std::string ExpectedText(const FieldDescriptor& field) {
  switch (RulesOf(field).text()) {
    case v1::TEXT_RULE_NAME:
      return common::NameRule();
    case v1::TEXT_RULE_REFERENCE:
      return absl::StrCat("text of one line and at most ", kMaxReferenceBytes, " bytes");
    case v1::TEXT_RULE_SANDBOX:
      return "the id of an open sandbox";
    case v1::TEXT_RULE_LINE:
      return "text of one line";
    case v1::TEXT_RULE_ADDRESS:
      return "an IPv4 or IPv6 address";
    case v1::TEXT_RULE_PREFIX:
      return "an IPv4 or IPv6 address, with or without a prefix length";
    case v1::TEXT_RULE_ERRNO:
      return "an errno by name such as ECONNREFUSED";
    default:
      return "text";
  }
}

std::string ExpectedNumber(const FieldDescriptor& field) {
  const NumberRange range = RangeOf(field);
  if (IsWait(field)) {
    return absl::StrCat("a duration such as 500ms or 2s, from ", range.least, "ms to ", range.greatest / 1000,
                        "s");
  }
  if (range.greatest == UINT64_MAX && range.least == 0) return "a number that is not negative";
  return absl::StrCat("a number from ", range.least, " to ", range.greatest);
}

}  // namespace

const v1::FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::rules);
}

const v1::FieldInPlan& InPlan(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::in_plan);
}

bool IsSet(const google::protobuf::Message& message, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

bool IsExcluded(const google::protobuf::Message& message, const FieldDescriptor& field) {
  const Descriptor& type = *field.containing_type();
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& excluded = RulesOf(*type.field(i)).excludes();
    if (std::find(excluded.begin(), excluded.end(), field.name()) == excluded.end()) continue;
    if (IsSet(message, *type.field(i))) return true;
  }
  return false;
}

bool IsRequired(const FieldDescriptor& field) {
  return RulesOf(field).required() || RulesOf(field).text() == v1::TEXT_RULE_SANDBOX;
}

bool IsHidden(const FieldDescriptor& field) {
  return InPlan(field).hidden() || RulesOf(field).text() == v1::TEXT_RULE_SANDBOX;
}

bool IsWait(const FieldDescriptor& field) {
  const v1::NumberRule number = RulesOf(field).number();
  return number == v1::NUMBER_RULE_WAIT || number == v1::NUMBER_RULE_TIMEOUT;
}

std::string EmptyWord(const FieldDescriptor& field) {
  return RulesOf(field).text() == v1::TEXT_RULE_ERRNO ? "none" : InPlan(field).empty_word();
}

const FieldDescriptor* ShortFor(const Descriptor& type) {
  const std::string& member = type.options().GetExtension(v1::short_for);
  return member.empty() ? nullptr : type.FindFieldByName(member);
}

const FieldDescriptor* ShortFor(const FieldDescriptor& field) {
  return field.message_type() == nullptr ? nullptr : ShortFor(*field.message_type());
}

std::string PlanName(const FieldDescriptor& field) {
  if (RulesOf(field).text() == v1::TEXT_RULE_ERRNO) return "errno";
  const std::string& name = InPlan(field).name();
  return name.empty() ? field.name() : name;
}

std::string EnumWord(const EnumValueDescriptor& value) {
  const std::string& word = value.options().GetExtension(v1::word);
  if (!word.empty()) return word;
  if (value.number() == 0) return "";
  return absl::AsciiStrToLower(absl::StripPrefix(value.name(), ValuePrefix(*value.type())));
}

std::vector<std::string> EnumWords(const EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (std::string word = EnumWord(*type.value(i)); !word.empty()) words.push_back(std::move(word));
  }
  return words;
}

NumberRange RangeOf(const FieldDescriptor& field) {
  const v1::FieldRules& rules = RulesOf(field);
  NumberRange range{rules.minimum(), rules.maximum()};
  if (rules.number() == v1::NUMBER_RULE_TIMEOUT) range.least = 1;
  if (range.greatest != 0) return range;
  if (IsWait(field)) {
    range.greatest = kMaxWaitMs;
  } else {
    range.greatest = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ? UINT32_MAX : UINT64_MAX;
  }
  return range;
}

bool TextFits(const FieldDescriptor& field, const std::string& text) {
  if (text.empty()) return false;
  switch (RulesOf(field).text()) {
    case v1::TEXT_RULE_NAME:
      return common::IsName(text);
    case v1::TEXT_RULE_REFERENCE:
      return IsOneLine(text) && text.size() <= kMaxReferenceBytes;
    case v1::TEXT_RULE_SANDBOX:
      return common::IsName(text);
    case v1::TEXT_RULE_LINE:
      return IsOneLine(text);
    case v1::TEXT_RULE_ADDRESS:
      return !common::ParseIpAddress(text).empty();
    case v1::TEXT_RULE_PREFIX:
      return common::ParseIpPrefix(text).has_value();
    case v1::TEXT_RULE_ERRNO:
      return common::IsErrnoName(text);
    default:
      return true;
  }
}

std::string Expected(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "bytes" : ExpectedText(field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return RulesOf(field).true_only() ? "true, or left out" : "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("one of ", absl::StrJoin(EnumWords(*field.enum_type()), ", "));
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return ExpectedNumber(field);
    default:
      return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ? "a mapping of keys" : "a number";
  }
}

std::string DidYouMean(const FieldDescriptor& field, const std::string& text) {
  if (RulesOf(field).text() != v1::TEXT_RULE_ERRNO) return "";
  std::vector<std::string> known = common::ErrnoNames();
  known.push_back(EmptyWord(field));
  return common::DidYouMean(text, known);
}

std::string MissingSentence(const std::string& name, const FieldDescriptor& field) {
  const FieldDescriptor* short_for = ShortFor(field);
  const FieldDescriptor& shown = short_for != nullptr ? *short_for : field;
  const std::string& example = RulesOf(shown).example();
  return absl::StrCat(name, " is missing; ", example.empty() ? Expected(shown) : example, " was expected");
}

}  // namespace bpfrig::rules
