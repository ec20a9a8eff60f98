// What comes of mutants: survey and run against a daemon that loads one program, which returns the constant
// of its first instruction.
#include "client/mutate/mutation_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/mutate/selection.h"
#include "client/mutate/survey.h"
#include "client/mutate/testing/assembler.h"
#include "client/testing/runner_fixture.h"

namespace bpfrig::client::mutate {
namespace {

using bpfrig::v1::LoadProgramRequest;
using bpfrig::v1::LoadProgramResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class MutationRunTest : public run::RunnerFixture {
 protected:
  void SetUp() override {
    RunnerFixture::SetUp();
    daemon_.instructions = [] { return Listed({Arithmetic(BPF_MOV, 5), Exit()}); };
    daemon_.load = [this](const LoadProgramRequest& request, LoadProgramResponse& response) {
      return Load(request, response);
    };
    daemon_.run = [this](const auto& request, auto& response) {
      const std::lock_guard<std::mutex> lock(mutex_);
      response.set_return_value(static_cast<uint32_t>(returned_[request.sandbox()]));
    };
  }

  // Tests that expect this of what the program returns.
  static std::vector<plan::Test> Expecting(const std::vector<std::string>& expectations) {
    std::string text = "name: p\nobjects: {obj: some.bpf.o}\ntests:\n";
    for (size_t i = 0; i < expectations.size(); ++i) {
      absl::StrAppend(
          &text, "  - name: t", i, "\n    steps:\n      - load: {object: obj}\n",
          "      - run: {program: prog, data: !hex 00}\n        expect: {return: ", expectations[i], "}\n");
    }
    plan::ObjectFiles files({std::string(BPFRIG_GOLDEN_DIR) + "/plans"});
    plan::Problems problems;
    auto read = plan::ReadPlanText(text, "p.yaml", files, problems);
    for (const plan::Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
    return read ? read->tests : std::vector<plan::Test>();
  }

  Survey SurveyOf(const std::vector<plan::Test>& tests) {
    run::TestRunner runner(*client_, run::FeaturesOf(daemon_.info), {});
    return RunSurvey(tests, 2, std::chrono::milliseconds(0), runner);
  }

  // Runs all mutants; `problem` is what broke the rig.
  Record Mutate(const std::vector<plan::Test>& tests, std::string* problem = nullptr) {
    const Survey survey = SurveyOf(tests);
    EXPECT_TRUE(survey.IsGood()) << survey.error;
    Record record;
    record.subjects = survey.subjects;
    for (const plan::Test& test : tests) record.tests.push_back(test.name);
    EXPECT_TRUE(SelectMutants({}, record).ok());
    run::TestRunner runner(*client_, run::FeaturesOf(daemon_.info), {});
    MutationOptions options;
    options.threads = 2;
    const std::string broke = RunMutants(tests, survey, options, runner, record);
    if (problem != nullptr) {
      *problem = broke;
    } else {
      EXPECT_EQ(broke, "");
    }
    return record;
  }

  // What a load with this constant in the first instruction is answered; if it is not there: loaded.
  std::map<int32_t, grpc::Status> errors_;
  std::map<int32_t, LoadProgramResponse> answers_;
  bool refuses_to_record_ = false;
  std::atomic<int> mutants_loaded_{0};

 private:
  grpc::Status Load(const LoadProgramRequest& request, LoadProgramResponse& response) {
    if (request.record_executed() && refuses_to_record_) {
      return daemon::DaemonError(grpc::StatusCode::UNIMPLEMENTED, bpfrig::v1::ERROR_REASON_UNSUPPORTED,
                                 "a jump is too long", "record_executed");
    }
    int32_t constant = 5;
    for (const auto& replacement : request.replacements()) {
      ++mutants_loaded_;
      if (replacement.instruction() == 0) constant = Decode(replacement.code()).at(0).immediate;
    }
    if (const auto error = errors_.find(constant); error != errors_.end()) return error->second;
    if (const auto answer = answers_.find(constant); answer != answers_.end()) {
      response = answer->second;
      return grpc::Status::OK;
    }
    response.mutable_loaded()->add_programs()->set_name("prog");
    const std::lock_guard<std::mutex> lock(mutex_);
    returned_[request.sandbox()] = constant;
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::map<std::string, int32_t> returned_;
};

TEST_F(MutationRunTest, ASurveyLearnsWhichTestsLoadAProgram) {
  std::vector<plan::Test> tests = Expecting({"5", "!any_of [4, 5]"});
  tests.insert(tests.begin() + 1,
               run::ReadTest("      - listen: {name: s, at: {address: 10.0.0.1, port: 80}}\n"));
  const Survey survey = SurveyOf(tests);
  ASSERT_EQ(survey.subjects.size(), 1U);
  EXPECT_EQ(survey.subjects[0].FullName(), "obj/prog");
  EXPECT_EQ(survey.subjects[0].program.instructions().size(), 2U);
  EXPECT_THAT(survey.subjects[0].tests, ElementsAre(0, 2));
}

TEST_F(MutationRunTest, ASurveyIsNotGoodIfATestFails) { EXPECT_FALSE(SurveyOf(Expecting({"6"})).IsGood()); }

TEST_F(MutationRunTest, ATestThatLooksNoticesAndOneThatDoesNotLetsItSurvive) {
  const Record noticed = Mutate(Expecting({"5"}));
  ASSERT_EQ(noticed.mutants.size(), 2U);
  EXPECT_EQ(noticed.CountAll().noticed, 2U);
  EXPECT_THAT(noticed.mutants[0].noticed_by, ElementsAre(0));

  const Record survived = Mutate(Expecting({"!at_most 5"}));
  EXPECT_EQ(survived.CountAll().noticed, 1U);
  EXPECT_EQ(survived.CountAll().survived, 1U);
}

TEST_F(MutationRunTest, MeetsTestsUntilOneFails) {
  const Record record = Mutate(Expecting({"!at_most 5", "!at_least 5"}));
  // `r1 = 6`, and then `r1 = 4`.
  EXPECT_THAT(record.mutants[0].noticed_by, ElementsAre(0));
  EXPECT_THAT(record.mutants[0].passed, IsEmpty());
  EXPECT_THAT(record.mutants[1].passed, ElementsAre(0));
  EXPECT_THAT(record.mutants[1].noticed_by, ElementsAre(1));
}

TEST_F(MutationRunTest, WhatTheKernelRefusesIsInvalid) {
  answers_[6].mutable_rejected()->set_errno_name("EACCES");
  const Record record = Mutate(Expecting({"5"}));
  EXPECT_EQ(record.mutants[0].outcome, Outcome::kInvalid);
  EXPECT_EQ(record.mutants[1].outcome, Outcome::kNoticed);
}

// The program, with what ran of it.
std::function<bpfrig::v1::ProgramInstructions()> WithBlocks(bool first_ran) {
  return [first_ran] {
    bpfrig::v1::ProgramInstructions listed = Listed({Arithmetic(BPF_MOV, 5), Exit()});
    for (uint32_t i = 0; i < 2; ++i) {
      bpfrig::v1::BasicBlock* block = listed.add_blocks();
      block->set_instruction(i);
      block->set_count(1);
      block->set_executed(i != 0 || first_ran);
    }
    return listed;
  };
}

TEST_F(MutationRunTest, WhatNoTestGetsToMeetsOneTestForTheVerifier) {
  daemon_.instructions = WithBlocks(false);
  answers_[6].mutable_rejected()->set_errno_name("EACCES");
  const Record record = Mutate(Expecting({"!at_least 0", "!at_least 1"}));
  EXPECT_EQ(record.mutants[0].outcome, Outcome::kInvalid);
  EXPECT_EQ(record.mutants[1].outcome, Outcome::kSurvived);
  EXPECT_TRUE(record.mutants[1].is_unreached);
  EXPECT_THAT(record.mutants[1].passed, IsEmpty());
  EXPECT_EQ(record.CountAll().unreached, 1U);
  EXPECT_EQ(mutants_loaded_, 2);
}

TEST_F(MutationRunTest, WhatTestsGetToMeetsAllOfThem) {
  daemon_.instructions = WithBlocks(true);
  const Record record = Mutate(Expecting({"!at_least 0", "!at_least 1"}));
  EXPECT_EQ(record.CountAll().survived, 2U);
  EXPECT_EQ(record.CountAll().unreached, 0U);
  EXPECT_THAT(record.mutants[1].passed, ElementsAre(0, 1));
  EXPECT_EQ(mutants_loaded_, 4);
}

// The daemon cannot record it, or knows no such field.
TEST_F(MutationRunTest, ATestThatFailsWhileItIsRecordedMayGetAnywhere) {
  daemon_.instructions = WithBlocks(false);
  refuses_to_record_ = true;
  const Record record = Mutate(Expecting({"!at_least 0"}));
  EXPECT_EQ(record.CountAll().survived, 2U);
  EXPECT_EQ(record.CountAll().unreached, 0U);
}

TEST_F(MutationRunTest, ABrokenRigEndsTheRun) {
  errors_[6] = daemon::DaemonError(grpc::StatusCode::INTERNAL, bpfrig::v1::ERROR_REASON_INTERNAL, "it broke");
  std::string problem;
  const Record record = Mutate(Expecting({"5"}), &problem);
  EXPECT_EQ(record.mutants[0].outcome, Outcome::kNotRun);
  EXPECT_THAT(problem, HasSubstr("with obj/prog in which `r1 = 5` became `r1 = 6`: "));
  EXPECT_THAT(problem, HasSubstr("it broke"));
}

TEST_F(MutationRunTest, AReplacementThatTheDaemonDoesNotTakeEndsTheRun) {
  errors_[4] = daemon::DaemonError(grpc::StatusCode::INVALID_ARGUMENT, bpfrig::v1::ERROR_REASON_BAD_OBJECT,
                                   "no such instruction", "replacements[0].instruction");
  std::string problem;
  (void)Mutate(Expecting({"5"}), &problem);
  EXPECT_THAT(problem, HasSubstr("no such instruction"));
}

}  // namespace
}  // namespace bpfrig::client::mutate
