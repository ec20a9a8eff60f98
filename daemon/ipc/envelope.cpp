#include "daemon/ipc/envelope.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace bpfrig::ipc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::internal::WireFormatLite;

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

std::string EncodeEnvelope(const EncodedMessage& message) {
  using google::protobuf::io::CodedOutputStream;
  const uint32_t tag = WireFormatLite::MakeTag(message.field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  const auto length = static_cast<uint32_t>(message.bytes.size());
  std::string envelope(CodedOutputStream::VarintSize32(tag) + CodedOutputStream::VarintSize32(length), '\0');
  auto* const begin = reinterpret_cast<uint8_t*>(envelope.data());
  CodedOutputStream::WriteVarint32ToArray(length, CodedOutputStream::WriteTagToArray(tag, begin));
  envelope.append(message.bytes.data(), message.bytes.size());
  return envelope;
}

std::optional<EncodedMessage> HeldEncoded(absl::string_view envelope) {
  const int size = static_cast<int>(envelope.size());
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(envelope.data()), size);
  const uint32_t tag = input.ReadTag();
  uint32_t length = 0;
  if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED ||
      !input.ReadVarint32(&length)) {
    return std::nullopt;
  }
  const auto begin = static_cast<size_t>(input.CurrentPosition());
  if (length != envelope.size() - begin) return std::nullopt;
  return EncodedMessage{WireFormatLite::GetTagFieldNumber(tag), envelope.substr(begin)};
}

}  // namespace bpfrig::ipc
