// The frames between front, worker and supervisor, in whatever pieces they arrive.
#include <google/protobuf/message.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "bpfrig/internal/v1/control.pb.h"
#include "bpfrig/internal/v1/worker.pb.h"
#include "daemon/ipc/envelope.h"
#include "daemon/ipc/frame.h"
#include "tests/fuzz/input.h"

namespace bpfrig::fuzz {
namespace {

using google::protobuf::Message;

std::unique_ptr<Message> NewMessage(uint8_t which) {
  switch (which % 4) {
    case 0:
      return std::make_unique<internal::v1::CallRequest>();
    case 1:
      return std::make_unique<internal::v1::CallReply>();
    case 2:
      return std::make_unique<internal::v1::ControlRequest>();
    default:
      return std::make_unique<internal::v1::ControlReply>();
  }
}

// What was read can be sent on, and is the same then.
void SendOn(const Message& message) {
  const absl::StatusOr<std::string> frames = ipc::EncodeFrames(message);
  if (!frames.ok()) std::abort();
  const std::unique_ptr<Message> again(message.New());
  ipc::FrameDecoder decoder;
  decoder.Append(*frames);
  const absl::StatusOr<bool> whole = decoder.Next(*again);
  if (!whole.ok() || !*whole || !decoder.AtBoundary()) std::abort();
  const std::string encoded = message.SerializeAsString();
  if (again->SerializeAsString() != encoded) std::abort();
  const std::optional<ipc::EncodedMessage> held = ipc::HeldEncoded(encoded);
  if (held.has_value() && ipc::EncodeEnvelope(*held) != encoded) std::abort();
}

void Receive(Message& message, Input& input) {
  ipc::FrameDecoder decoder;
  (void)ipc::HeldEncoded(input.rest());
  const size_t piece = input.Byte() + size_t{1};
  while (!input.IsEmpty()) {
    decoder.Append(input.Take(piece));
    while (true) {
      const absl::StatusOr<bool> whole = decoder.Next(message);
      if (!whole.ok()) return;
      if (!*whole) break;
      SendOn(message);
      (void)ipc::Held(message);
    }
  }
}

}  // namespace
}  // namespace bpfrig::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bpfrig::fuzz::Input input(data, size);
  bpfrig::fuzz::Receive(*bpfrig::fuzz::NewMessage(input.Byte()), input);
  return 0;
}
