#include "daemon/ipc/shown_strings.h"

#include <string>
#include <vector>

#include "common/shown_text.h"
#include "google/protobuf/descriptor.h"

namespace bpfrig::ipc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void ShowRepeated(const FieldDescriptor& field, Message& message) {
  const Reflection& fields = *message.GetReflection();
  const int size = fields.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (field.message_type() != nullptr) {
      ShowStrings(*fields.MutableRepeatedMessage(&message, &field, i));
      continue;
    }
    const std::string text = fields.GetRepeatedString(message, &field, i);
    if (!common::IsUtf8(text)) fields.SetRepeatedString(&message, &field, i, common::ShownText(text));
  }
}

void ShowSingle(const FieldDescriptor& field, Message& message) {
  const Reflection& fields = *message.GetReflection();
  if (field.message_type() != nullptr) return ShowStrings(*fields.MutableMessage(&message, &field));
  const std::string text = fields.GetString(message, &field);
  if (!common::IsUtf8(text)) fields.SetString(&message, &field, common::ShownText(text));
}

}  // namespace

void ShowStrings(Message& message) {
  std::vector<const FieldDescriptor*> set_fields;
  message.GetReflection()->ListFields(message, &set_fields);
  for (const FieldDescriptor* field : set_fields) {
    if (field->type() != FieldDescriptor::TYPE_STRING && field->message_type() == nullptr) continue;
    field->is_repeated() ? ShowRepeated(*field, message) : ShowSingle(*field, message);
  }
}

}  // namespace bpfrig::ipc
