#include "daemon/ipc/envelope.h"

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::ipc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The message that the envelope holds from now on; nullptr if it has no field of that type.
Message* Place(const Descriptor& type, Message& envelope) {
  const FieldDescriptor* field = FindField(*envelope.GetDescriptor(), type);
  return field == nullptr ? nullptr : envelope.GetReflection()->MutableMessage(&envelope, field);
}

absl::Status NoField(const Descriptor& type, const Message& envelope) {
  return base::MakeError(base::Reason::kInternal,
                         absl::StrCat("calling a worker: ", envelope.GetDescriptor()->name(),
                                      " has no field for ", type.name()));
}

}  // namespace

const FieldDescriptor* FindField(const Descriptor& envelope, const Descriptor& message) {
  for (int i = 0; i < envelope.field_count(); ++i) {
    if (envelope.field(i)->message_type() == &message) return envelope.field(i);
  }
  return nullptr;
}

absl::Status PutCopy(const Message& message, Message& envelope) {
  Message* place = Place(*message.GetDescriptor(), envelope);
  if (place == nullptr) return NoField(*message.GetDescriptor(), envelope);
  place->CopyFrom(message);
  return absl::OkStatus();
}

absl::Status PutSwapped(Message& message, Message& envelope) {
  Message* place = Place(*message.GetDescriptor(), envelope);
  if (place == nullptr) return NoField(*message.GetDescriptor(), envelope);
  place->GetReflection()->Swap(place, &message);
  return absl::OkStatus();
}

Message* Held(Message& envelope) {
  const FieldDescriptor* field =
      envelope.GetReflection()->GetOneofFieldDescriptor(envelope, envelope.GetDescriptor()->oneof_decl(0));
  return field == nullptr ? nullptr : envelope.GetReflection()->MutableMessage(&envelope, field);
}

bool Take(Message& envelope, Message& message) {
  Message* held = Held(envelope);
  if (held == nullptr || held->GetDescriptor() != message.GetDescriptor()) return false;
  held->GetReflection()->Swap(held, &message);
  return true;
}

}  // namespace bpfrig::ipc
