// Control runs: a test must notice if one of its programs does nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "client/run/test_runner.h"
#include "client/testing/runner_fixture.h"

namespace bpfrig::client::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using verdict::TestResult;
using verdict::Verdict;

// A daemon with an object of three programs: `p` sends connections to the waypoint, `q` does nothing that
// shows, and `tail` is entered by tail call.
class ControlTest : public RunnerFixture {
 protected:
  void SetUp() override {
    RunnerFixture::SetUp();
    AddProgram("obj/p", 1);
    daemon_.load = [this](const auto& request, auto& response) {
      inert_ = {request.inert_programs().begin(), request.inert_programs().end()};
      trials_.push_back(inert_.empty() ? "" : *inert_.begin());
      auto* map = response.mutable_loaded()->add_maps();
      map->set_name("jumps");
      map->set_type("prog_array");
      return grpc::Status::OK;
    };
    daemon_.dump = [this](const auto& request, auto& messages) {
      EXPECT_EQ(request.map(), "obj/jumps");
      messages.emplace_back();
      for (const std::string& program : jumps_) {
        messages.back().add_entries()->mutable_value()->mutable_tag()->set_program(program);
      }
    };
    daemon_.connect = [this](const auto&, auto& response) {
      response.set_server(inert_.count("p") > 0 ? "backend" : "waypoint");
      response.set_peer_closed(inert_.count("tail") == 0);
      return grpc::Status::OK;
    };
  }

  static constexpr const char* kLoad = "      - load: {object: obj, attach: [p]}\n";
  static constexpr const char* kDial = "      - connect: {to: {address: 10.0.0.1, port: 80}}\n";

  std::set<std::string> inert_;
  std::vector<std::string> jumps_;
  // What was inert in each.
  std::vector<std::string> trials_;
};

TEST_F(ControlTest, NamesTheProgramThatATestDoesNotNotice) {
  AddProgram("obj/q", 1);
  const TestResult result =
      Control(ReadTest(std::string(kLoad) + kDial + "        expect: {server: waypoint}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_TRUE(result.vacuous);
  EXPECT_FALSE(result.controlled);
  ASSERT_THAT(result.failures, SizeIs(1));
  EXPECT_EQ(result.failures[0].what, "vacuous for obj/q");
  EXPECT_THAT(result.failures[0].hint, HasSubstr("`holds_without: [q]`"));
  EXPECT_THAT(trials_, ElementsAre("", "p", "q"));
}

TEST_F(ControlTest, PassesATestThatNoticesEachOfItsPrograms) {
  const TestResult result =
      Control(ReadTest(std::string(kLoad) + kDial + "        expect: {server: waypoint}\n"));
  EXPECT_EQ(result.verdict, Verdict::kPassed);
  EXPECT_TRUE(result.controlled);
  EXPECT_THAT(trials_, ElementsAre("", "p"));
  EXPECT_THAT(result.steps, SizeIs(2));  // The test's own.
}

TEST_F(ControlTest, ControlsProgramsThatAreOnlyJumpedTo) {
  AddProgram("obj/tail", 0, false);
  jumps_ = {"obj/tail"};
  const std::string steps = std::string(kLoad) + kDial;
  EXPECT_EQ(Control(ReadTest(steps + "        expect: {server: waypoint}\n")).failures.at(0).what,
            "vacuous for obj/tail");
  EXPECT_EQ(Control(ReadTest(steps + "        expect: {server: waypoint, peer_closed: true}\n")).verdict,
            Verdict::kPassed);
}

TEST_F(ControlTest, ControlsProgramsThatAreOnlyTestRun) {
  daemon_.ledger.clear_programs();
  AddProgram("obj/p", 0, false);
  AddProgram("obj/unused", 0, false);
  daemon_.run = [this](const auto&, auto& response) { response.set_return_value(inert_.empty() ? 7 : 1); };
  const std::string steps = "      - load: {object: obj}\n      - run: {program: p, data: !hex 00}\n";
  EXPECT_EQ(Control(ReadTest(steps)).failures.at(0).what, "vacuous for obj/p");
  trials_.clear();
  EXPECT_EQ(Control(ReadTest(steps + "        expect: {return: 7}\n")).verdict, Verdict::kPassed);
  EXPECT_THAT(trials_, ElementsAre("", "p"));
}

TEST_F(ControlTest, LeavesOutWhatTheTestHoldsWithout) {
  AddProgram("obj/q", 1);
  const std::string steps = std::string(kLoad) + kDial + "        expect: {server: waypoint}\n";
  EXPECT_EQ(Control(ReadTest(steps, "    holds_without: [q]\n")).verdict, Verdict::kPassed);
  EXPECT_EQ(Control(ReadTest(steps, "    may_not_run: [obj/q]\n")).verdict, Verdict::kPassed);
  const TestResult unknown = Run(ReadTest(steps, "    holds_without: [r]\n"));
  EXPECT_EQ(unknown.verdict, Verdict::kFailed);
  EXPECT_EQ(unknown.failures.at(0).differences.at(0).field, "holds_without: r");
}

TEST_F(ControlTest, DoesNotTakeSetupForAProof) {
  const std::string plan = std::string("setup:\n") + kLoad + kDial + "        expect: {server: waypoint}\n";
  const TestResult result = Control(ReadTest("      - detach: {link: x}\n", "", plan));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.failures.at(0).what, "vacuous for obj/p");
}

TEST_F(ControlTest, RunsOnceIfItIsNotAsked) {
  EXPECT_EQ(Run(ReadTest(kLoad)).verdict, Verdict::kPassed);
  EXPECT_EQ(Run(ReadTest(kLoad), {{}, [](const plan::Test&) { return false; }}).verdict, Verdict::kPassed);
  EXPECT_THAT(trials_, ElementsAre("", ""));
  EXPECT_THAT(inert_, IsEmpty());
}

}  // namespace
}  // namespace bpfrig::client::run
