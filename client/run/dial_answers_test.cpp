#include "client/run/dial_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;
using bpfrig::v1::RepeatedDials;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

// A daemon that makes three dials a call, every other of them refused.
class DialAnswersTest : public ::testing::Test {
 protected:
  std::optional<daemon::RpcError> Answer(ConnectRequest& request, ConnectResponse& response) {
    asked_.push_back(request.times());
    within_.push_back(request.begin_within_ms());
    RepeatedDials& dials = *response.mutable_repeated();
    dials.add_answers()->mutable_local()->set_address("10.0.0.1");
    dials.add_answers()->set_errno_name("EPERM");
    for (uint32_t i = 0; i < std::min(request.times(), 3U); ++i) {
      dials.add_answer(dialled_ % 2);
      dials.add_local_port(dialled_ % 2 == 0 ? 1000 + dialled_ : 0);
      dials.add_dialled_cookie(2000 + dialled_);
      dials.add_accepted_cookie(3000 + dialled_);
      dials.add_duration_us(4000 + dialled_);
      ++dialled_;
    }
    return std::nullopt;
  }
  DialAnswers Make(uint32_t times, DialAnswers::Ask ask) {
    return DialAnswers(ConnectRequest(), times, std::move(ask), [this] { return time_left_; });
  }
  DialAnswers Make(uint32_t times) {
    return Make(times, [this](auto& request, auto& response) { return Answer(request, response); });
  }

  uint32_t dialled_ = 0;
  milliseconds time_left_ = milliseconds(60'000);
  std::vector<uint32_t> asked_;
  std::vector<uint32_t> within_;
};

TEST_F(DialAnswersTest, GivesThemOneByOneAndAsksForTheRest) {
  DialAnswers answers = Make(7);
  for (uint32_t i = 0; i < 7; ++i) {
    ConnectResponse answer;
    ASSERT_FALSE(answers.Next(answer));
    EXPECT_EQ(answer.errno_name(), i % 2 == 0 ? "" : "EPERM");
    EXPECT_EQ(answer.has_local(), i % 2 == 0);
    EXPECT_EQ(answer.local().port(), i % 2 == 0 ? 1000 + i : 0);
    EXPECT_EQ(answer.dialled_cookie(), 2000 + i);
    EXPECT_EQ(answer.accepted_cookie(), 3000 + i);
    EXPECT_EQ(answer.duration_us(), 4000 + i);
  }
  EXPECT_THAT(asked_, ElementsAre(7u, 4u, 1u));
}

TEST_F(DialAnswersTest, LetsNoneBeginWhenTheStepsTimeIsOver) {
  DialAnswers answers = Make(7);
  ConnectResponse answer;
  ASSERT_FALSE(answers.Next(answer));
  time_left_ = milliseconds(100);
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(answers.Next(answer));
  time_left_ = milliseconds(-5);
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(answers.Next(answer));
  EXPECT_THAT(within_, ElementsAre(1000u, 90u, 1u));
}

TEST_F(DialAnswersTest, DialsOneByOneWithADaemonThatKnowsNoOtherWay) {
  DialAnswers answers = Make(3, [this](auto& request, auto& response) {
    asked_.push_back(request.times());
    response.set_server("web");
    response.mutable_local()->set_port(1000 + ++dialled_);
    response.set_dialled_cookie(2000 + dialled_);
    return std::nullopt;
  });
  for (uint32_t i = 1; i <= 3; ++i) {
    ConnectResponse answer;
    ASSERT_FALSE(answers.Next(answer));
    EXPECT_EQ(answer.server(), "web");
    EXPECT_EQ(answer.local().port(), 1000 + i);
    EXPECT_EQ(answer.dialled_cookie(), 2000 + i);
  }
  EXPECT_THAT(asked_, ElementsAre(3u, 2u, 1u));
}

TEST_F(DialAnswersTest, PassesAnErrorOn) {
  DialAnswers answers = Make(7, [](auto&, auto&) { return daemon::RpcError{}; });
  ConnectResponse answer;
  EXPECT_TRUE(answers.Next(answer));
}

TEST_F(DialAnswersTest, TakesNoAnswerThatDoesNotAddUp) {
  const auto fails = [&](void (*spoil)(RepeatedDials&)) {
    DialAnswers answers = Make(3, [&](auto& request, auto& response) {
      auto error = Answer(request, response);
      spoil(*response.mutable_repeated());
      return error;
    });
    ConnectResponse answer;
    const auto error = answers.Next(answer);
    return error && error->code == grpc::StatusCode::INTERNAL;
  };
  EXPECT_FALSE(fails([](RepeatedDials&) {}));
  EXPECT_TRUE(fails([](RepeatedDials& dials) { dials.Clear(); }));
  EXPECT_TRUE(fails([](RepeatedDials& dials) { dials.set_answer(0, 2); }));
  EXPECT_TRUE(fails([](RepeatedDials& dials) { dials.mutable_local_port()->RemoveLast(); }));
  EXPECT_TRUE(fails([](RepeatedDials& dials) { dials.add_duration_us(1); }));
}

}  // namespace
}  // namespace bpfrig::client::run
