#include "daemon/worker/handlers/dial_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfrig::worker {
namespace {

using ::testing::ElementsAre;

bpfrig::v1::ConnectResponse Accepted(uint32_t port, const std::string& server) {
  bpfrig::v1::ConnectResponse answer;
  answer.mutable_local()->set_address("10.0.0.1");
  answer.mutable_local()->set_port(port);
  answer.set_server(server);
  answer.set_dialled_cookie(port + 1);
  answer.set_accepted_cookie(port + 2);
  answer.set_duration_us(port + 3);
  return answer;
}

TEST(DialTallyTest, HasEachAnswerOnceAndWhatIsNewForEveryDial) {
  DialTally tally;
  bpfrig::v1::ConnectResponse refused;
  refused.set_errno_name("EPERM");
  tally.Add(Accepted(1000, "a"));
  tally.Add(refused);
  tally.Add(Accepted(2000, "b"));
  tally.Add(Accepted(3000, "a"));
  EXPECT_EQ(tally.count(), 4u);
  EXPECT_GT(tally.answer_bytes(), 0u);
  const bpfrig::v1::RepeatedDials dials = tally.Take();
  ASSERT_EQ(dials.answers_size(), 3);
  EXPECT_EQ(dials.answers(0).server(), "a");
  EXPECT_EQ(dials.answers(0).local().address(), "10.0.0.1");
  EXPECT_EQ(dials.answers(0).local().port(), 0u);
  EXPECT_EQ(dials.answers(1).errno_name(), "EPERM");
  EXPECT_FALSE(dials.answers(1).has_local());
  EXPECT_EQ(dials.answers(2).server(), "b");
  EXPECT_THAT(dials.answer(), ElementsAre(0u, 1u, 2u, 0u));
  EXPECT_THAT(dials.local_port(), ElementsAre(1000u, 0u, 2000u, 3000u));
  EXPECT_THAT(dials.dialled_cookie(), ElementsAre(1001u, 0u, 2001u, 3001u));
  EXPECT_THAT(dials.accepted_cookie(), ElementsAre(1002u, 0u, 2002u, 3002u));
  EXPECT_THAT(dials.duration_us(), ElementsAre(1003u, 0u, 2003u, 3003u));
}

}  // namespace
}  // namespace bpfrig::worker
