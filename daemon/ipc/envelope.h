// CallRequest and CallReply hold one message of any call: these functions put it in and take it out by its
// type, so that neither front nor worker has a table of their fields.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace bpfrig::ipc {

// The envelope's field for messages of that type; nullptr if it has none.
[[nodiscard]] const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& envelope,
                                                                 const google::protobuf::Descriptor& message);

// Puts a copy of the message in; INTERNAL if the envelope has no field for it.
[[nodiscard]] absl::Status PutCopy(const google::protobuf::Message& message,
                                   google::protobuf::Message& envelope);
// The same without a copy: `message` holds something else afterwards.
[[nodiscard]] absl::Status PutSwapped(google::protobuf::Message& message,
                                      google::protobuf::Message& envelope);

// What the envelope holds; nullptr if that is nothing.
[[nodiscard]] google::protobuf::Message* Held(google::protobuf::Message& envelope);
// Swaps what the envelope holds into `message`; false if it does not hold one of that type.
[[nodiscard]] bool Take(google::protobuf::Message& envelope, google::protobuf::Message& message);

// What an encoded envelope holds, still encoded, for whoever only passes it on.
struct EncodedMessage {
  // The number of the envelope's field.
  int field = 0;
  // Within the envelope's bytes.
  absl::string_view bytes;
};
// The envelope, encoded, that holds it.
[[nodiscard]] std::string EncodeEnvelope(const EncodedMessage& message);
// Nothing if it is not one field with a message.
[[nodiscard]] std::optional<EncodedMessage> HeldEncoded(absl::string_view envelope);

}  // namespace bpfrig::ipc
