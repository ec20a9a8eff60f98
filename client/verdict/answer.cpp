#include "client/verdict/answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/verdict/explain.h"
#include "common/ip_address.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Value MessageValue(const Message& message) {
  if (message.GetDescriptor() == Value::descriptor()) return static_cast<const Value&>(message);
  Value value;
  value.mutable_fields();
  const auto add = [&](const std::string& name, const FieldDescriptor& field) {
    auto* member = value.mutable_fields()->add_fields();
    member->set_name(name);
    *member->mutable_value() = ValueOf(message, field);
  };
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    // A message that is not there has no members.
    if (field.message_type() != nullptr && !field.is_repeated() &&
        !message.GetReflection()->HasField(message, &field)) {
      continue;
    }
    add(rules::PlanName(field), field);
    if (const std::string& alias = rules::InPlan(field).alias(); !alias.empty()) add(alias, field);
  }
  return value;
}

Value TextValue(const FieldDescriptor& field, const std::string& text) {
  Value value;
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    value.set_raw(text);
  } else {
    value.set_text(common::CanonicalIpAddress(text));
  }
  return value;
}

Value SingleValue(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  Value value;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      value.set_unsigned_integer(reflection.GetUInt32(message, &field));
      return value;
    case FieldDescriptor::CPPTYPE_UINT64:
      value.set_unsigned_integer(reflection.GetUInt64(message, &field));
      return value;
    case FieldDescriptor::CPPTYPE_INT32:
      value.set_signed_integer(reflection.GetInt32(message, &field));
      return value;
    case FieldDescriptor::CPPTYPE_BOOL:
      value.set_text(reflection.GetBool(message, &field) ? "true" : "false");
      return value;
    case FieldDescriptor::CPPTYPE_ENUM:
      value.set_text(rules::EnumWord(*reflection.GetEnum(message, &field)));
      return value;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(reflection.GetMessage(message, &field));
    default:
      return TextValue(field, reflection.GetString(message, &field));
  }
}

// The field whose key, or whose alias, a plan wrote.
const FieldDescriptor* FieldOf(const google::protobuf::Descriptor& answer, const std::string& key) {
  for (int i = 0; i < answer.field_count(); ++i) {
    const FieldDescriptor& field = *answer.field(i);
    if (rules::PlanName(field) == key || rules::InPlan(field).alias() == key) return &field;
  }
  return nullptr;
}

// What must be empty unless the plan expects something of it: "errno" of a dial that must come through. True
// if an answer that is whole follows.
bool CompareUnsaid(const plan::Call& call, const plan::Mark& mark, const Message& answer,
                   Differences& differences) {
  const auto& type = *answer.GetDescriptor();
  bool is_whole = true;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const auto& in_plan = rules::InPlan(field);
    if (!in_plan.empty_unless_expected() && !in_plan.alone()) continue;
    const std::string text = answer.GetReflection()->GetString(answer, &field);
    if (text.empty()) continue;
    if (!Expects(call, rules::PlanName(field))) {
      differences.push_back({mark, rules::PlanName(field), rules::EmptyWord(field), text});
    }
    if (in_plan.alone()) is_whole = false;
  }
  return is_whole;
}

}  // namespace

Value ValueOf(const Message& message, const FieldDescriptor& field) {
  if (!field.is_repeated()) return SingleValue(message, field);
  const auto& reflection = *message.GetReflection();
  Value list;
  list.mutable_list();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    *list.mutable_list()->add_values() =
        field.message_type() != nullptr ? MessageValue(reflection.GetRepeatedMessage(message, &field, i))
                                        : TextValue(field, reflection.GetRepeatedString(message, &field, i));
  }
  return list;
}

Value ValueOf(const Message& message) { return MessageValue(message); }

bool Expects(const plan::Call& call, const std::string& key) {
  return plan::FindPart(call.expected, key) != nullptr ||
         std::any_of(call.shares.begin(), call.shares.end(),
                     [&](const plan::SharesExpectation& shares) { return shares.field == key; });
}

Differences CompareAnswer(const plan::Call& call, const plan::Mark& mark, const Message& answer) {
  Differences differences;
  const bool is_whole = CompareUnsaid(call, mark, answer, differences);
  for (size_t i = 0; i < call.expected.parts.size(); ++i) {
    const std::string& key = call.expected.names[i];
    const FieldDescriptor* field = FieldOf(*answer.GetDescriptor(), key);
    // Beside a failure there is nothing to compare.
    if (!is_whole && !rules::InPlan(*field).alone()) continue;
    Differences found = Explain(call.expected.parts[i], ValueOf(answer, *field), key);
    std::move(found.begin(), found.end(), std::back_inserter(differences));
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
