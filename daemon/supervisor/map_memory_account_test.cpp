#include "daemon/supervisor/map_memory_account.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <limits>

#include "common/fd.h"

namespace bpfrig::supervisor {
namespace {

bool Grants(MapMemoryAccount& account, uint64_t worker, uint64_t bytes) {
  return account.Ask(worker, {.bytes = bytes}).granted == 1;
}

TEST(MapMemoryAccountTest, GrantsUpToTheLimitOverAllWorkers) {
  MapMemoryAccount account(100);
  EXPECT_TRUE(Grants(account, 1, 60));
  EXPECT_TRUE(Grants(account, 2, 40));
  const ipc::MapMemoryAnswer refused = account.Ask(3, {.bytes = 1});
  EXPECT_EQ(refused.granted, 0u);
  EXPECT_EQ(refused.others, 100u);
}

TEST(MapMemoryAccountTest, ARequestReplacesTheOneBefore) {
  MapMemoryAccount account(100);
  EXPECT_TRUE(Grants(account, 1, 60));
  EXPECT_TRUE(Grants(account, 1, 100)) << "not 160";
  EXPECT_TRUE(Grants(account, 1, 10));
  EXPECT_TRUE(Grants(account, 2, 90));
}

TEST(MapMemoryAccountTest, ARefusalChangesNothing) {
  MapMemoryAccount account(100);
  EXPECT_TRUE(Grants(account, 1, 60));
  EXPECT_FALSE(Grants(account, 1, 101));
  EXPECT_EQ(account.Ask(2, {.bytes = 41}).granted, 0u);
  EXPECT_TRUE(Grants(account, 2, 40));
}

TEST(MapMemoryAccountTest, ForgetsAWorkersShare) {
  MapMemoryAccount account(100);
  EXPECT_TRUE(Grants(account, 1, 100));
  account.Forget(1);
  account.Forget(1);
  account.Forget(7);
  EXPECT_TRUE(Grants(account, 2, 100));
}

TEST(MapMemoryAccountTest, HugeNumbersDoNotWrapAround) {
  MapMemoryAccount account(100);
  EXPECT_TRUE(Grants(account, 1, 60));
  EXPECT_FALSE(Grants(account, 2, std::numeric_limits<uint64_t>::max()));
  EXPECT_FALSE(Grants(account, 2, std::numeric_limits<uint64_t>::max() - 59));
  EXPECT_TRUE(Grants(account, 2, 40));
}

class AnswerMapMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    supervisor_ = common::Fd(ends[0]);
    worker_ = common::Fd(ends[1]);
  }
  absl::Status Answer() { return AnswerMapMemory(supervisor_.Get(), 1, account_); }

  MapMemoryAccount account_{100};
  common::Fd supervisor_;
  common::Fd worker_;
};

TEST_F(AnswerMapMemoryTest, AnswersWhatItWasAsked) {
  const ipc::MapMemoryRequest request{.bytes = 70};
  ASSERT_EQ(::send(worker_.Get(), &request, sizeof(request), 0), ssize_t{sizeof(request)});
  EXPECT_TRUE(Answer().ok());
  ipc::MapMemoryAnswer answer;
  ASSERT_EQ(::recv(worker_.Get(), &answer, sizeof(answer), MSG_DONTWAIT), ssize_t{sizeof(answer)});
  EXPECT_EQ(answer.granted, 1u);
  EXPECT_FALSE(Grants(account_, 2, 31));
}

TEST_F(AnswerMapMemoryTest, DoesNotWaitIfNothingIsAsked) { EXPECT_TRUE(Answer().ok()); }

TEST_F(AnswerMapMemoryTest, GivesUpOnAWorkerThatSaysNonsenseOrIsGone) {
  ASSERT_EQ(::send(worker_.Get(), "x", 1, 0), 1);
  EXPECT_FALSE(Answer().ok());
  const std::array<char, 64> longer{};
  ASSERT_EQ(::send(worker_.Get(), longer.data(), longer.size(), 0), ssize_t{longer.size()});
  EXPECT_FALSE(Answer().ok());
  worker_.Close();
  EXPECT_FALSE(Answer().ok());
}

}  // namespace
}  // namespace bpfrig::supervisor
