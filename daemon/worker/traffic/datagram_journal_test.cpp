#include "daemon/worker/traffic/datagram_journal.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>

namespace bpfrig::worker {
namespace {

using Sent = google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram>;

Clock::time_point At(int milliseconds) {
  return Clock::time_point(std::chrono::seconds(1) + std::chrono::milliseconds(milliseconds));
}

bpfrig::v1::SentDatagram From(const std::string& socket) {
  bpfrig::v1::SentDatagram sent;
  sent.set_socket(socket);
  return sent;
}

Endpoint Address(const char* text) { return Endpoint(asio::ip::make_address(text), 53); }

TEST(DatagramJournalTest, TellsWhatServersHadAfterEachAndBeforeTheNext) {
  DatagramJournal journal;
  journal.NoteSent(At(10), From("a"));
  journal.NoteSent(At(20), From("b"));
  Sent sent;
  journal.Describe({{"s", {{At(5), Address("10.0.0.1"), false, 0}, {At(15), Address("10.0.0.2"), true, 0}}},
                    {"t", {{At(25), Address("::ffff:10.0.0.3"), false, EPERM}}}},
                   sent);
  ASSERT_EQ(sent.size(), 2);
  EXPECT_EQ(sent[0].socket(), "a");
  ASSERT_EQ(sent[0].arrivals_size(), 1);
  EXPECT_EQ(sent[0].arrivals(0).server(), "s");
  EXPECT_EQ(sent[0].arrivals(0).from().address(), "10.0.0.2");
  EXPECT_TRUE(sent[0].arrivals(0).answered());
  ASSERT_EQ(sent[1].arrivals_size(), 1);
  EXPECT_EQ(sent[1].arrivals(0).server(), "t");
  EXPECT_EQ(sent[1].arrivals(0).from().address(), "10.0.0.3");
  EXPECT_EQ(sent[1].arrivals(0).errno_name(), "EPERM");
}

TEST(DatagramJournalTest, KeepsTheLastEight) {
  DatagramJournal journal;
  for (int i = 0; i < 10; ++i) journal.NoteSent(At(i), From(std::to_string(i)));
  Sent sent;
  journal.Describe({}, sent);
  ASSERT_EQ(sent.size(), 8);
  EXPECT_EQ(sent[0].socket(), "2");
  EXPECT_EQ(sent[7].socket(), "9");
}

}  // namespace
}  // namespace bpfrig::worker
