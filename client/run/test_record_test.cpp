#include "client/run/test_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "client/run/artifacts.h"
#include "client/run/test_pool.h"
#include "client/testing/runner_fixture.h"
#include "common/read_file.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::run {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using verdict::TestResult;
using verdict::Verdict;
using Json = nlohmann::json;

class TestRecordTest : public RunnerFixture {
 protected:
  // Runs one test as a run with --artifacts does.
  TestResult Record(const plan::Test& test, unsigned retries = 0, RunnerOptions options = {}) {
    const std::vector<plan::Test> tests = {test};
    auto artifacts = Artifacts::Open(directory_.path().string(), tests);
    EXPECT_TRUE(artifacts.ok()) << artifacts.status();
    options.artifacts = artifacts->get();
    TestRunner runner(*client_, FeaturesOf(daemon_.info), std::move(options));
    TestResult result;
    PoolOptions pool;
    pool.retries = retries;
    RunTests(tests, {0}, pool, runner,
             {[](size_t) {}, [&](size_t, TestResult done) { result = std::move(done); }});
    EXPECT_TRUE((*artifacts)->status().ok()) << (*artifacts)->status();
    return result;
  }
  std::string Text(const std::string& file) const {
    return common::ReadFile(directory_ / file, 16 << 20).value_or("");
  }
  Json Read(const std::string& file) const {
    const std::string text = Text(file);
    EXPECT_NE(text, "") << file;
    return text.empty() ? Json() : Json::parse(text);
  }
  // The only map of the object is a hash `m`; an entry is added for each time that somebody dialled.
  void ServeMap(const std::string& type = "hash") {
    daemon_.load = [type](const auto&, auto& response) {
      auto* map = response.mutable_loaded()->add_maps();
      map->set_name("m");
      map->set_type(type);
      response.mutable_loaded()->set_log("processed 1 insns\n");
      return grpc::Status::OK;
    };
    daemon_.connect = [this](const auto& request, auto& response) {
      ++dials_;
      response.set_sent(request.send().size());
      response.set_received("pong");
      response.mutable_peer()->set_address("fd00::1");
      response.mutable_peer()->set_port(80);
      return grpc::Status::OK;
    };
    daemon_.dump = [this](const auto& request, auto& messages) {
      EXPECT_EQ(request.map(), "obj/m");
      auto& message = messages.emplace_back();
      for (int i = dials_; i >= 1; --i) {
        auto* entry = message.add_entries();
        entry->set_raw_key(std::string(1, static_cast<char>(i)));
        entry->mutable_key()->set_unsigned_integer(i);
        entry->set_raw_value("\x0a\xff");
        (*entry->mutable_value()->mutable_fields()->add_fields()).set_name("hits");
      }
      message.mutable_summary()->set_count(dials_);
    };
  }

  std::atomic<int> dials_{0};
  const common::TemporaryDirectory directory_;
};

constexpr char kDial[] =
    "      - connect: {name: c, to: {address: \"fd00::1\", port: 80}, send: !text ping}\n";

TEST_F(TestRecordTest, KeepsMapsAsThePlanLeftThemAndAsTheStepsDid) {
  ServeMap();
  const TestResult result = Record(ReadTest(
      std::string("      - load: {object: obj}\n      - connect: {to: {address: 10.0.0.1, port: 1}}\n") +
      kDial + "      - detach: {link: x}\n        expect: {run_count: 5}\n"));
  EXPECT_EQ(result.verdict, Verdict::kFailed);
  EXPECT_EQ(result.artifacts, (directory_ / "p/t"));
  const Json before = Read("p/t/maps/obj_m.before.json");
  EXPECT_EQ(before.at("read"), "before step 2, connect");
  EXPECT_EQ(before.at("type"), "hash");
  EXPECT_EQ(before.at("entries").size(), 0U);
  const Json after = Read("p/t/maps/obj_m.after.json");
  ASSERT_EQ(after.at("entries").size(), 2U);
  EXPECT_EQ(after["entries"][0],
            Json({{"key", 1}, {"value", {{"hits", nullptr}}}, {"raw_key", "01"}, {"raw_value", "0aff"}}))
      << "sorted by their keys";
  EXPECT_EQ(Text("p/t/logs/obj.log"), "processed 1 insns\n");
}

TEST_F(TestRecordTest, ReadsAMapAgainOnceThePlanHasWrittenIt) {
  ServeMap();
  Record(ReadTest(std::string("      - load: {object: obj}\n") + kDial +
                  "      - seed: {map: m, entries: [{key: 1, value: 1}]}\n"
                  "      - connect: {to: {address: 10.0.0.1, port: 1}}\n        expect: {errno: EPERM}\n"));
  EXPECT_EQ(Read("p/t/maps/obj_m.before.json").at("read"), "before step 4, connect");
  EXPECT_EQ(Read("p/t/maps/obj_m.before.json").at("entries").size(), 1U);
  EXPECT_EQ(Read("p/t/maps/obj_m.after.json").at("entries").size(), 2U);
}

TEST_F(TestRecordTest, KeepsSoMuchOfAMapAndSaysThatThereIsMore) {
  ServeMap();
  dials_ = 5000;
  Record(
      ReadTest("      - load: {object: obj}\n      - detach: {link: x}\n        expect: {run_count: 5}\n"));
  const Json after = Read("p/t/maps/obj_m.after.json");
  EXPECT_EQ(after.at("entries").size(), 4096U);
  EXPECT_THAT(after.at("incomplete"), HasSubstr("there are more"));
}

TEST_F(TestRecordTest, SaysWhyAMapCannotBeRead) {
  ServeMap("cgroup_array");
  daemon_.dump = [](const auto&, auto&) { throw std::bad_function_call(); };
  Record(
      ReadTest("      - load: {object: obj}\n      - detach: {link: x}\n        expect: {run_count: 5}\n"));
  EXPECT_THAT(Read("p/t/maps/obj_m.after.json").at("error"), HasSubstr("UNKNOWN"));
}

TEST_F(TestRecordTest, KeepsBothDirectionsOfBothEnds) {
  ServeMap();
  std::string left = "ping";
  daemon_.receive = [&](const auto& request, auto& response) {
    if (request.at().end() == bpfrig::v1::CONNECTION_END_ACCEPTED) response.set_data(std::exchange(left, ""));
    return grpc::Status::OK;
  };
  Record(ReadTest(
      std::string("      - listen: {name: web, at: {address: \"fd00::1\", port: 80}, echo: true}\n") + kDial +
      "      - detach: {link: x}\n        expect: {run_count: 5}\n"));
  const Json traffic = Read("p/t/connections.json");
  EXPECT_EQ(traffic.at("servers").at(0).at("behaviour"), "echo");
  const Json& connection = traffic.at("connections").at(0);
  EXPECT_EQ(connection.at("peer"), "[fd00::1]:80");
  EXPECT_EQ(connection.at("dialled").at("sent"),
            Json({{{"step", "step 2, connect"}, {"bytes", 4}, {"text", "ping"}}}));
  EXPECT_EQ(connection.at("dialled").at("received").at(0).at("text"), "pong");
  EXPECT_EQ(connection.at("accepted").at("received"),
            Json({{{"step", "left at the end"}, {"bytes", 4}, {"text", "ping"}}}));
}

TEST_F(TestRecordTest, KeepsEventsThatStepsTookAndThoseLeft) {
  ServeMap("ringbuf");
  std::vector<std::string> records = {"one"};
  daemon_.events = [&](const auto&, auto& messages) {
    auto& message = messages.emplace_back();
    for (const std::string& record : records) message.add_events()->set_raw(record);
    records = {"two", "three"};
  };
  Record(ReadTest("      - load: {object: obj}\n      - events: {map: m}\n        expect: {count: 5}\n"));
  const Json events = Read("p/t/events/obj_m.json");
  EXPECT_EQ(events.at("taken_by_steps"), Json({{{"raw", "6f6e65"}}}));
  EXPECT_EQ(events.at("left").size(), 2U);
}

TEST_F(TestRecordTest, ReceivesNothingThatATestThatPassesDidNot) {
  ServeMap();
  daemon_.receive = [](const auto&, auto&) {
    ADD_FAILURE() << "it could run programs that the test did not";
    return grpc::Status::OK;
  };
  EXPECT_EQ(Record(ReadTest(std::string("      - load: {object: obj}\n") + kDial)).verdict, Verdict::kPassed);
  EXPECT_TRUE(fs::is_empty(directory_.path())) << "a test that passes leaves nothing";
}

TEST_F(TestRecordTest, KeepsEachTryThatFails) {
  ServeMap();
  const plan::Test test = ReadTest(std::string("      - load: {object: obj}\n") + kDial +
                                   "      - dump: {map: obj/m}\n        expect: {count: 3}\n");
  const TestResult flaky = Record(test, 2);
  EXPECT_TRUE(flaky.IsFlaky());
  EXPECT_EQ(flaky.artifacts, (directory_ / "p/t@try-2"));
  EXPECT_EQ(Read("p/t/maps/obj_m.after.json").at("entries").size(), 1U);
  EXPECT_EQ(Read("p/t@try-2/maps/obj_m.after.json").at("entries").size(), 2U);
  EXPECT_EQ(Read("p/t@try-2/index.json").at("try"), 2);
  EXPECT_FALSE(fs::exists(directory_ / "p/t@try-3"));
}

TEST_F(TestRecordTest, KeepsATestThatIsVacuousAndNoControlRun) {
  ServeMap();
  AddProgram("obj/p", 1);
  const TestResult result =
      Record(ReadTest(std::string("      - load: {object: obj, attach: [p]}\n") + kDial), 0,
             {{}, [](const plan::Test&) { return true; }});
  EXPECT_TRUE(result.vacuous);
  EXPECT_EQ(Read("p/t/maps/obj_m.after.json").at("entries").size(), 1U) << "as the control run began";
  EXPECT_THAT(Read("p/t/index.json").at("failures").at(0).at("what"), HasSubstr("vacuous for obj/p"));
}

}  // namespace
}  // namespace bpfrig::client::run
