// `bpfrig run --artifacts`: what tests that fail leave, and what happens if it cannot be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/testing/temporary_directory.h"
#include "tests/e2e/rig.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kPlan[] = R"(name: kept
objects: {odd: odd_values.bpf.o, events: event_values.bpf.o, log: long_log.bpf.o}
sandbox: {addresses: [10.0.0.1]}
tests:
  - name: fails
    steps:
      - load: {object: odd, attach: [observe]}
      - load: {object: events, attach: [report]}
      - listen: {name: web, at: {address: 10.0.0.1, port: 8080}, echo: true}
      - seed: {map: lines, value_type: line, entries: [{key: !hex "01000000", value: {count: 7}}]}
      - connect: {name: c, to: {address: 10.0.0.1, port: 8080}, send: !text ping, receive: {at_least: 4}}
      - send: {connection: {connection: c, end: accepted}, data: !hex "ff00"}
      - dump: {map: per_cpu}
        expect: {exactly: [{key: 0, value: {dials: 2}, cpus: sum}]}
  - name: passes
    steps:
      - load: {object: odd, attach: [observe]}
      - listen: {name: web, at: {address: 10.0.0.1, port: 8080}}
      - connect: {name: c, to: {address: 10.0.0.1, port: 8080}}
  - name: is refused
    steps:
      - load: {object: log, programs: [refused]}
)";

class ArtifactsTest : public testing::Test {
 protected:
  std::vector<std::string> Command(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.end(), {"--artifacts", path_, "-I", BPFRIG_TEST_OBJECTS, plan_.Path()});
    return RunCommand(arguments);
  }
  // In a mount namespace that has this kind of tmpfs at the directory.
  Outcome RunOnTmpfs(const std::string& options) const {
    fs::create_directories(path_);
    std::vector<std::string> argv = {
        "unshare", "--mount", "sh", "-c", "mount -t tmpfs -o " + options + " none \"$0\" && exec \"$@\"",
        path_};
    const std::vector<std::string> command = Command();
    argv.insert(argv.end(), command.begin(), command.end());
    return RunToEnd(argv);
  }
  std::string Text(const std::string& file) const { return ReadAll(path_ + "/kept/" + file); }
  Json Read(const std::string& file) const {
    const std::string text = Text(file);
    EXPECT_NE(text, "") << file;
    return text.empty() ? Json() : Json::parse(text);
  }
  // Of the map of all CPUs.
  uint64_t DialsIn(const std::string& file) const {
    const Json map = Read(file);
    uint64_t dials = 0;
    for (const Json& value : map.at("entries").at(0).at("cpu_values")) {
      dials += value.at("dials").get<uint64_t>();
    }
    return dials;
  }

  const common::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "artifacts";
  const TemporaryFile plan_{"artifacts.yaml", kPlan};
};

TEST_F(ArtifactsTest, TestsThatFailLeaveWhatThereIsToSeeOfThem) {
  const Outcome outcome = RunToEnd(Command());
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("\n      artifacts: " + path_ + "/kept/fails\n"));
  EXPECT_FALSE(fs::exists(path_ + "/kept/passes"));
  EXPECT_THAT(Text("is_refused/logs/log.log"), HasSubstr("invalid access to map value"));

  EXPECT_EQ(Read("fails/maps/odd_per_cpu.before.json").at("read"), "before step 5, connect");
  EXPECT_EQ(DialsIn("fails/maps/odd_per_cpu.before.json"), 0U);
  EXPECT_EQ(DialsIn("fails/maps/odd_per_cpu.after.json"), 1U);
  const Json line = Read("fails/maps/odd_lines.before.json").at("entries").at(0);
  EXPECT_EQ(line.at("value").at("count"), 7) << "by the type that the plan names";
  EXPECT_EQ(line.at("raw_key").get<std::string>().size(), 8U);
  EXPECT_EQ(Read("fails/maps/odd_.bss.before.json").at("entries").at(0).at("value").at("seen_port"), 0);
  EXPECT_EQ(Read("fails/maps/odd_.bss.after.json").at("entries").at(0).at("value").at("seen_port"), 8080);

  for (const char* map : {"fails/events/events_ring.json", "fails/events/events_perf.json"}) {
    const Json left = Read(map).at("left");
    ASSERT_FALSE(left.empty()) << map;
    EXPECT_EQ(left.at(0).at("value").at("mark"), 7) << map;
  }
  const Json index = Read("fails/index.json");
  for (const Json& file : index.at("files")) {
    EXPECT_NE(Text("fails/" + file.at("file").get<std::string>()), "") << file;
  }
}

TEST_F(ArtifactsTest, BothDirectionsOfBothEndsAreThere) {
  EXPECT_EQ(RunToEnd(Command({"--test", "fails"})).status, 1);
  const Json traffic = Read("fails/connections.json");
  EXPECT_EQ(traffic.at("servers").at(0).at("behaviour"), "echo");
  const Json& connection = traffic.at("connections").at(0);
  EXPECT_EQ(connection.at("peer"), "10.0.0.1:8080");
  const Json& dialled = connection.at("dialled");
  EXPECT_EQ(dialled.at("sent").at(0), Json({{"step", "step 5, connect"}, {"bytes", 4}, {"text", "ping"}}));
  EXPECT_EQ(dialled.at("received").at(0).at("text"), "ping");
  EXPECT_EQ(dialled.at("received").at(1), Json({{"step", "left at the end"}, {"bytes", 2}, {"hex", "ff00"}}));
  EXPECT_EQ(dialled.at("in_all"), Json({{"sent", 4}, {"received", 6}}));
  const Json& accepted = connection.at("accepted");
  EXPECT_EQ(accepted.at("sent").at(0).at("hex"), "ff00");
  EXPECT_EQ(accepted.at("received").at(0).at("text"), "ping");
  EXPECT_EQ(accepted.at("in_all"), Json({{"sent", 6}, {"received", 4}})) << "with what it sent by itself";
}

TEST_F(ArtifactsTest, EachTryHasItsOwnAndTheNextRunReplacesThem) {
  const Outcome outcome = RunToEnd(Command({"--retries", "1", "-j", "3", "--test", "fails"}));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("artifacts: " + path_ + "/kept/fails@try-2\n"));
  EXPECT_EQ(DialsIn("fails/maps/odd_per_cpu.after.json"), 1U);
  EXPECT_EQ(DialsIn("fails@try-2/maps/odd_per_cpu.after.json"), 1U);

  EXPECT_EQ(RunToEnd(Command({"--test", "passes"})).status, 0);
  EXPECT_TRUE(fs::exists(path_ + "/kept/fails@try-2")) << "of a test that did not run again";
  EXPECT_EQ(RunToEnd(Command()).status, 1);
  EXPECT_TRUE(fs::exists(path_ + "/kept/fails"));
  EXPECT_FALSE(fs::exists(path_ + "/kept/fails@try-2"));
}

TEST_F(ArtifactsTest, ADirectoryThatCannotBeWrittenIsSaidBeforeAnythingRuns) {
  const Outcome outcome = RunOnTmpfs("ro");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_EQ(outcome.output,
            "bpfrig: writing to the directory for artifacts " + path_ + ": Read-only file system\n");
}

TEST_F(ArtifactsTest, AFullDiskIsSaidAtTheEnd) {
  const Outcome outcome = RunOnTmpfs("size=16k");
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("FAIL  kept / fails"));
  EXPECT_THAT(outcome.output, HasSubstr("bpfrig: writing " + path_ + "/kept/"));
  EXPECT_THAT(outcome.output, HasSubstr(": No space left on device\n1 passed, 2 failed"));
}

}  // namespace
}  // namespace bpfrig::tests
