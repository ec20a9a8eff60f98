#include "daemon/ipc/envelope.h"

#include <gtest/gtest.h>

#include "bpfrig/internal/v1/worker.pb.h"
#include "bpfrig/v1/error.pb.h"
#include "daemon/base/status.h"

namespace bpfrig::ipc {
namespace {

using internal::v1::CallReply;
using internal::v1::CallRequest;

TEST(EnvelopeTest, HoldsWhatWasPutInLast) {
  v1::ListenRequest listen;
  listen.set_name("server");
  v1::ConnectRequest connect;
  connect.set_name("client");
  CallRequest envelope;
  EXPECT_EQ(Held(envelope), nullptr);
  ASSERT_TRUE(PutCopy(listen, envelope).ok());
  EXPECT_EQ(envelope.listen().name(), "server");
  EXPECT_EQ(listen.name(), "server");
  ASSERT_TRUE(PutSwapped(connect, envelope).ok());
  EXPECT_EQ(envelope.connect().name(), "client");
  EXPECT_EQ(connect.name(), "");
  EXPECT_EQ(Held(envelope), envelope.mutable_connect());
}

TEST(EnvelopeTest, RefusesAMessageThatIsNotACalls) {
  CallRequest envelope;
  const absl::Status put = PutCopy(v1::ErrorDetail(), envelope);
  EXPECT_EQ(base::DetailOf(put).reason, base::Reason::kInternal);
  EXPECT_EQ(put.message(), "calling a worker: CallRequest has no field for ErrorDetail");
  EXPECT_EQ(Held(envelope), nullptr);
}

TEST(EnvelopeTest, GivesOnlyTheTypeThatItHolds) {
  CallReply envelope;
  envelope.mutable_send()->set_sent(7);
  v1::ReceiveResponse other;
  EXPECT_FALSE(Take(envelope, other));
  v1::SendResponse response;
  ASSERT_TRUE(Take(envelope, response));
  EXPECT_EQ(response.sent(), 7u);
}

TEST(EnvelopeTest, GivesWhatAnEncodedOneHolds) {
  CallReply envelope;
  envelope.mutable_receive()->set_data(std::string(300, 'x'));
  const std::string encoded = envelope.SerializeAsString();
  const std::optional<EncodedMessage> held = HeldEncoded(encoded);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->field, CallReply::kReceiveFieldNumber);
  EXPECT_EQ(held->bytes, envelope.receive().SerializeAsString());
  EXPECT_EQ(EncodeEnvelope(*held), encoded);
}

TEST(EnvelopeTest, GivesNothingOfBytesThatAreNoEnvelope) {
  CallReply send;
  send.mutable_send()->set_sent(7);
  const std::string encoded = send.SerializeAsString();
  EXPECT_FALSE(HeldEncoded("").has_value());
  EXPECT_FALSE(HeldEncoded(encoded.substr(0, encoded.size() - 1)).has_value());
  // Two fields, and a number in the place of a message.
  EXPECT_FALSE(HeldEncoded(encoded + encoded).has_value());
  EXPECT_FALSE(HeldEncoded(send.send().SerializeAsString()).has_value());
}

}  // namespace
}  // namespace bpfrig::ipc
