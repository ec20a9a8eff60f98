#include "client/plan/fields/message_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/plan/fields/field_path.h"
#include "client/plan/fields/pattern.h"
#include "client/plan/fields/return_words.h"
#include "client/plan/fields/values.h"
#include "client/plan/yaml/scalars.h"
#include "common/ip_address.h"
#include "common/near_names.h"
#include "common/number.h"
#include "proto/rules/field_words.h"
#include "proto/rules/validate.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::Value;
using google::protobuf::FieldDescriptor;

// What a message calls one element of a list.
std::string ItemWord(const FieldDescriptor& list) {
  const std::string& item = rules::InPlan(list).item();
  return item.empty() ? absl::StrCat("an entry of ", rules::PlanName(list)) : item;
}

bool IsReturnValue(const FieldDescriptor& field) {
  return rules::RulesOf(field).number() == bpfrig::v1::NUMBER_RULE_RETURN_VALUE;
}

// ` (did you mean "true"?)`, of the words that other languages have for it.
std::string MeantBoolean(const std::string& text, bool true_only) {
  static const std::vector<std::string> kTrue = {"true", "yes", "on", "1"};
  static const std::vector<std::string> kFalse = {"false", "no", "off", "0"};
  const std::string word = absl::AsciiStrToLower(text);
  if (std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) return " (did you mean \"true\"?)";
  const bool is_false = std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end();
  return is_false && !true_only ? " (did you mean \"false\"?)" : "";
}

void Expected(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const std::string subject = field.is_repeated() ? ItemWord(field) : rules::PlanName(field);
  std::string expected = rules::Expected(field);
  std::string meant = rules::DidYouMean(field, node->text);
  if (IsReturnValue(field)) {
    absl::StrAppend(&expected, ", a negative one, or a name of the headers such as XDP_PASS");
    meant = common::DidYouMean(node->text, ReturnWordNames());
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !node->quoted) {
    meant = MeantBoolean(node->text, rules::RulesOf(field).true_only());
  }
  const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  problems.Add(node->mark, absl::StrCat(subject, " must be ", expected, ", not ", Describe(*node), meant,
                                        is_text ? std::string() : WithoutQuotes(*node)));
}

// The number that the node is, in the field's unit. False, without a problem, if it is not one.
bool ParsesTo(const Node& node, const FieldDescriptor& field, uint64_t& number) {
  if (rules::IsWait(field)) return ParseDurationMs(node, number);
  if (!IsPlainText(node) || node.quoted) return false;
  const common::NumberKind parsed = common::ParseNumber(node.text, number);
  if (parsed == common::NumberKind::kUnsigned) return true;
  if (!IsReturnValue(field)) return false;
  if (const ReturnWord* word = FindReturnWord(node.text)) {
    number = word->value;
    return true;
  }
  if (parsed != common::NumberKind::kNegative || number > uint64_t{1} << 31) return false;
  number = static_cast<uint32_t>(uint64_t{0} - number);
  return true;
}

// A number as the field's rules have it; 0, with a problem, if the node is not one.
uint64_t ReadNumber(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const rules::NumberRange range = rules::RangeOf(field);
  uint64_t number = 0;
  if (ParsesTo(*node, field, number) && number >= range.least && number <= range.greatest) return number;
  Expected(node, field, problems);
  return 0;
}

std::string ReadString(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  if (IsPlainText(*node) && rules::TextFits(field, node->text)) return node->text;
  Expected(node, field, problems);
  return "";
}

// The same for a request, whose rules are checked when all of it is there: what can be set is only read here.
// A 0 that is written cannot be told from a field that is not set.
uint64_t ReadRequestNumber(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const uint64_t most = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ? UINT32_MAX : UINT64_MAX;
  uint64_t number = 0;
  if (ParsesTo(*node, field, number) && number != 0 && number <= most) return number;
  return ReadNumber(node, field, problems);
}

std::string ReadRequestString(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const std::string& reserved = rules::InPlan(field).reserved();
  if (!reserved.empty() && node->text == reserved) {
    problems.Add(node->mark, absl::StrCat(rules::PlanName(field), " cannot be \"", reserved,
                                          "\": an expectation means something else by it"));
    return reserved;
  }
  if (IsPlainText(*node) && !node->text.empty()) return node->text;
  return ReadString(node, field, problems);
}

bool ReadBoolean(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  if (IsPlainText(*node) && !node->quoted) {
    if (node->text == "true") return true;
    if (node->text == "false" && !rules::RulesOf(field).true_only()) return false;
  }
  Expected(node, field, problems);
  return false;
}

// The number of the enum's value whose word the node is.
int ReadEnum(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  const auto& type = *field.enum_type();
  const std::string word = ReadWord(node, rules::PlanName(field), rules::EnumWords(type), problems);
  for (int i = 0; i < type.value_count(); ++i) {
    if (!word.empty() && rules::EnumWord(*type.value(i)) == word) return type.value(i)->number();
  }
  return 0;
}

}  // namespace

void MessageReader::ReadFields(FieldReader& fields, Message& message, const std::string& path) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto& in_plan = rules::InPlan(field);
    const std::string field_path = path.empty() ? field.name() : absl::StrCat(path, ".", field.name());
    if (rules::IsHidden(field) || field_path == left_out_) continue;
    if (in_plan.inlined()) {
      ReadInlined(fields, message, field, field_path);
      continue;
    }
    NodePtr node = fields.Find(rules::PlanName(field));
    if (node == nullptr) {
      if (in_plan.required() && !rules::IsRequired(field)) {
        fields.Lacks(rules::PlanName(field), rules::MissingSentence(rules::PlanName(field), field));
      }
      continue;
    }
    if (MatcherOf(node->tag)) {
      UnknownTag(*node, problems_);
      broken_.insert(field_path);
      continue;
    }
    const size_t problems_before = problems_.Count();
    CheckOneof(node, message, field);
    ReadField(node, message, field, field_path);
    if (problems_.Count() != problems_before && !field.is_repeated()) broken_.insert(field_path);
  }
}

void MessageReader::CheckOneof(const NodePtr& node, const Message& message, const FieldDescriptor& field) {
  if (field.containing_oneof() == nullptr) return;
  const FieldDescriptor* other =
      message.GetReflection()->GetOneofFieldDescriptor(message, field.containing_oneof());
  if (other == nullptr) return;
  problems_.Add(node->mark, absl::StrCat(rules::PlanName(field), " and ", rules::PlanName(*other),
                                         " exclude each other"));
}

void MessageReader::ReadInlined(FieldReader& fields, Message& message, const FieldDescriptor& field,
                                const std::string& path) {
  Message& below = *message.GetReflection()->MutableMessage(&message, &field);
  ReadFields(fields, below, path);
  if (below.ByteSizeLong() == 0 && !rules::IsRequired(field)) {
    message.GetReflection()->ClearField(&message, &field);
  }
}

void MessageReader::ReadField(const NodePtr& node, Message& message, const FieldDescriptor& field,
                              const std::string& path) {
  if (field.is_repeated()) return ReadRepeated(node, message, field, path);
  if (field.message_type() == nullptr) return ReadScalar(node, message, field);
  Message& below = *message.GetReflection()->MutableMessage(&message, &field);
  ReadMessage(node, below, field, rules::PlanName(field), path);
}

void MessageReader::ReadScalar(const NodePtr& node, Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&message, &field,
                           static_cast<uint32_t>(ReadRequestNumber(node, field, problems_)));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.SetUInt64(&message, &field, ReadRequestNumber(node, field, problems_));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, ReadBoolean(node, field, problems_));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection.SetEnumValue(&message, &field, ReadEnum(node, field, problems_));
      return;
    default:
      const bool is_bytes = field.type() == FieldDescriptor::TYPE_BYTES;
      reflection.SetString(&message, &field,
                           is_bytes ? ReadBytes(node, rules::PlanName(field), problems_)
                                    : ReadRequestString(node, field, problems_));
  }
}

void MessageReader::ReadRepeated(const NodePtr& node, Message& message, const FieldDescriptor& field,
                                 const std::string& path) {
  if (field.message_type() == bpfrig::v1::Field::descriptor()) return ReadNamedValues(node, message, field);
  const auto& reflection = *message.GetReflection();
  int index = 0;
  ReadList(node, rules::PlanName(field), problems_, [&](const NodePtr& item) {
    const std::string item_path = absl::StrCat(path, "[", index++, "]");
    const size_t problems_before = problems_.Count();
    if (field.message_type() != nullptr) {
      ReadMessage(item, *reflection.AddMessage(&message, &field), field, ItemWord(field), item_path);
    } else {
      reflection.AddString(&message, &field, ReadRequestString(item, field, problems_));
    }
    if (problems_.Count() != problems_before) broken_.insert(item_path);
  });
  if (node->IsSequence() && node->items.empty()) {
    problems_.Add(node->mark, absl::StrCat(rules::PlanName(field), " is empty, and so says nothing"));
  }
}

void MessageReader::ReadNamedValues(const NodePtr& node, Message& message, const FieldDescriptor& field) {
  if (!node->IsMapping()) {
    problems_.Add(node->mark, absl::StrCat(rules::PlanName(field),
                                           " must be a mapping of names to values, not ", Describe(*node)));
    return;
  }
  for (const NodePair& pair : node->pairs) {
    auto& named = static_cast<bpfrig::v1::Field&>(*message.GetReflection()->AddMessage(&message, &field));
    named.set_name(pair.key->text);
    *named.mutable_value() = ReadValue(pair.value, problems_);
  }
}

bool MessageReader::ReadShort(const NodePtr& node, Message& message, const std::string& path) {
  const FieldDescriptor* member = rules::ShortFor(*message.GetDescriptor());
  if (member == nullptr || node->IsMapping()) return false;
  ReadField(node, message, *member, path);
  return true;
}

void MessageReader::ReadMessage(const NodePtr& node, Message& message, const FieldDescriptor& field,
                                absl::string_view what, const std::string& path) {
  if (field.message_type() == Value::descriptor()) {
    static_cast<Value&>(message) = ReadValue(node, problems_);
    return;
  }
  if (ReadShort(node, message, path)) return;
  FieldReader fields(node, what, problems_);
  ReadFields(fields, message, path);
  for (const std::string& name : rules::InPlan(field).needs()) {
    const FieldDescriptor& member = *message.GetDescriptor()->FindFieldByName(name);
    if (fields.Find(rules::PlanName(member)) == nullptr && !rules::IsExcluded(message, member)) {
      fields.Lacks(rules::PlanName(member), rules::MissingSentence(rules::PlanName(member), member));
    }
  }
  if (fields.IsMapping() && node->pairs.empty()) {
    const std::string& example = rules::RulesOf(field).example();
    problems_.Add(node->mark,
                  absl::StrCat(what, " is empty; ", example.empty() ? "a key" : example, " was expected"));
  }
  NoteMistyped(fields, *message.GetDescriptor(), path);
}

void MessageReader::NoteMistyped(FieldReader& fields, const google::protobuf::Descriptor& type,
                                 const std::string& path) {
  const std::vector<std::string> meant = fields.Finish();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (std::find(meant.begin(), meant.end(), rules::PlanName(field)) == meant.end()) continue;
    broken_.insert(path.empty() ? field.name() : absl::StrCat(path, ".", field.name()));
  }
}

bool MessageReader::IsBroken(const std::string& path) const {
  return std::any_of(broken_.begin(), broken_.end(), [&](const std::string& broken) {
    return path == broken || absl::StartsWith(path, broken + ".") || absl::StartsWith(path, broken + "[");
  });
}

void MessageReader::CheckRules(FieldReader& fields, const NodePtr& root, const Message& message) {
  const bool is_mapping = fields.IsMapping();
  NoteMistyped(fields, *message.GetDescriptor(), "");
  if (!is_mapping) return;
  for (const rules::Violation& violation :
       rules::Validate(message, rules::Position::kFirst, rules::Names::kPlan)) {
    if (!IsBroken(violation.path))
      problems_.Add(WalkPath(root, message.GetDescriptor(), violation.path)->mark, violation.sentence);
  }
}

Value ReadFieldValue(const NodePtr& node, const FieldDescriptor& field, Problems& problems) {
  Value value;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      value.set_unsigned_integer(ReadNumber(node, field, problems));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      value.set_text(ReadBoolean(node, field, problems) ? "true" : "false");
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      value.set_text(rules::EnumWord(*field.enum_type()->FindValueByNumber(ReadEnum(node, field, problems))));
      break;
    default:
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        value.set_raw(ReadBytes(node, rules::PlanName(field), problems));
      } else {
        value.set_text(common::CanonicalIpAddress(ReadString(node, field, problems)));
      }
  }
  return value;
}

}  // namespace bpfrig::client::plan
