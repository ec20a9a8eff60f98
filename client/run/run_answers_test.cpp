#include "client/run/run_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::RunProgramRequest;
using bpfrig::v1::RunProgramResponse;
using ::testing::ElementsAre;

// A daemon that runs no more than three packets a call; each run returns how many there were before it.
class RunAnswersTest : public ::testing::Test {
 protected:
  std::optional<daemon::RpcError> Answer(const RunProgramRequest& request, RunProgramResponse& response) {
    asked_.push_back(1 + request.further_data_size());
    EXPECT_EQ(request.begin_within_ms(), request.further_data_size() > 0 ? 450U : 0U);
    response.set_return_value(done_++);
    response.set_data(request.data() + "!");
    response.set_context(request.context());
    response.set_duration_ns(7);
    for (int i = 0; i < request.further_data_size() && i < 2; ++i) {
      bpfrig::v1::FurtherRuns& further = *response.mutable_further();
      further.add_return_values(done_++);
      further.add_data(request.further_data(i) + "!");
      if (!request.context().empty()) further.add_contexts(request.context());
      further.add_duration_ns(7);
    }
    return std::nullopt;
  }
  static RunAnswers Make(const RunProgramRequest& request, uint32_t times, RunAnswers::Ask ask) {
    return RunAnswers(request, times, std::move(ask), [] { return std::chrono::milliseconds(500); });
  }
  RunAnswers Make(const RunProgramRequest& request, uint32_t times) {
    return Make(request, times, [this](auto& asked, auto& response) { return Answer(asked, response); });
  }
  static RunProgramRequest Packet(const std::string& data) {
    RunProgramRequest request;
    request.set_data(data);
    return request;
  }

  uint32_t done_ = 0;
  std::vector<int> asked_;
};

TEST_F(RunAnswersTest, GivesThemOneByOneAndAsksForTheRest) {
  RunProgramRequest request = Packet("packet");
  request.set_context("context");
  RunAnswers answers = Make(request, 7);
  for (uint32_t i = 0; i < 7; ++i) {
    RunProgramResponse answer;
    ASSERT_FALSE(answers.Next(answer));
    EXPECT_EQ(answer.return_value(), i);
    EXPECT_EQ(answer.data(), "packet!");
    EXPECT_EQ(answer.context(), "context");
    EXPECT_EQ(answer.duration_ns(), 7U);
    EXPECT_FALSE(answer.has_further());
  }
  EXPECT_THAT(asked_, ElementsAre(7, 4, 1));
}

TEST_F(RunAnswersTest, AsksForLargePacketsInSmallLots) {
  RunAnswers answers = Make(Packet(std::string(size_t{1} << 19, 'x')), 3);
  RunProgramResponse answer;
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(answers.Next(answer));
  EXPECT_THAT(asked_, ElementsAre(2, 1));
}

TEST_F(RunAnswersTest, AsksOneByOneForWhatOnlyARunOfItsOwnTells) {
  RunProgramRequest request = Packet("packet");
  request.add_context_patterns();
  RunAnswers answers = Make(request, 2);
  RunProgramResponse answer;
  for (int i = 0; i < 2; ++i) ASSERT_FALSE(answers.Next(answer));
  EXPECT_THAT(asked_, ElementsAre(1, 1));
}

TEST_F(RunAnswersTest, AnOlderDaemonRunsOnceACall) {
  RunAnswers answers = Make(Packet("packet"), 3, [this](auto& request, auto& response) {
    auto error = Answer(request, response);
    response.clear_further();
    return error;
  });
  RunProgramResponse answer;
  for (uint32_t i = 0; i < 2; ++i) ASSERT_FALSE(answers.Next(answer));
  EXPECT_THAT(asked_, ElementsAre(3, 2));
}

TEST_F(RunAnswersTest, RefusesListsThatDoNotFitEachOther) {
  RunAnswers answers = Make(Packet("packet"), 3, [this](auto& request, auto& response) {
    auto error = Answer(request, response);
    response.mutable_further()->add_data("one too many");
    return error;
  });
  RunProgramResponse answer;
  EXPECT_EQ(answers.Next(answer)->code, grpc::StatusCode::INTERNAL);
}

}  // namespace
}  // namespace bpfrig::client::run
