#include "client/verdict/datagrams.h"

#include <gtest/gtest.h>

namespace bpfrig::client::verdict {
namespace {

TEST(DescribeSentTest, SaysWhatIsKnownOfADatagram) {
  google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram> all;
  EXPECT_EQ(DescribeSent(all), "no step has sent a datagram before");
  bpfrig::v1::SentDatagram& sent = *all.Add();
  sent.set_socket("c");
  sent.set_bytes(5);
  sent.mutable_to()->set_address("fd00::1");
  sent.mutable_to()->set_port(53);
  EXPECT_EQ(DescribeSent(all), "sent before: 5 bytes from c to [fd00::1]:53; no server had one after that");
  sent.set_connected(true);
  sent.add_programs("o/connect6");
  sent.add_arrivals()->set_server("a");
  sent.mutable_arrivals(0)->mutable_from()->set_abstract("me");
  sent.mutable_arrivals(0)->set_answered(true);
  sent.add_arrivals()->set_server("b");
  sent.mutable_arrivals(1)->set_errno_name("EPERM");
  EXPECT_EQ(
      DescribeSent(all),
      "sent before: 5 bytes from c to [fd00::1]:53, where it is connected; o/connect6 ran; then server a "
      "had one from @me, and answered it; then server b had one from an unnamed socket, and could not "
      "answer it: EPERM");
  // Where one went that a program may have sent elsewhere, nobody knows.
  sent.Clear();
  sent.set_bytes(1);
  sent.mutable_to()->set_address("10.0.0.1");
  sent.add_programs("o/sendmsg4");
  all.Add();
  EXPECT_EQ(
      DescribeSent(all),
      "sent before:\n"
      "  1 byte to 10.0.0.1:0; o/sendmsg4 ran, and the kernel does not tell whether it was sent elsewhere; "
      "no server had one after that\n"
      "  0 bytes; no server had one after that");
}

}  // namespace
}  // namespace bpfrig::client::verdict
