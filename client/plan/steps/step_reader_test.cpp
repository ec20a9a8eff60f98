#include "client/plan/steps/step_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/plan/fields/values.h"
#include "client/plan/yaml/yaml_reader.h"
#include "proto/rules/call_traits.h"

namespace bpfrig::client::plan {
namespace {

NodePtr Parse(const std::string& text, Problems& problems) {
  NodePtr node = ReadYaml(text, std::make_shared<const std::string>("t.yaml"), problems);
  EXPECT_TRUE(problems.Empty());
  return node;
}

Step ReadOne(const std::string& text) {
  Problems problems;
  const Objects objects = {{"obj", std::make_shared<const std::string>("bytes")}};
  Step step = ReadStep(Parse(text, problems), objects, problems);
  for (const Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  return step;
}

bpfrig::v1::Value ReadOneValue(const std::string& text) {
  Problems problems;
  bpfrig::v1::Value value = ReadValue(Parse(text, problems), problems);
  EXPECT_TRUE(problems.Empty());
  return value;
}

std::string ReadOneBytes(const std::string& text) {
  Problems problems;
  std::string bytes = ReadBytes(Parse(text, problems), "data", problems);
  EXPECT_TRUE(problems.Empty());
  return bytes;
}

TEST(ValueTest, TypesPlainScalars) {
  EXPECT_EQ(ReadOneValue("7").unsigned_integer(), 7U);
  EXPECT_EQ(ReadOneValue("0xFF").unsigned_integer(), 255U);
  EXPECT_EQ(ReadOneValue("18446744073709551615").unsigned_integer(), UINT64_MAX);
  EXPECT_EQ(ReadOneValue("-1").signed_integer(), -1);
  EXPECT_EQ(ReadOneValue("-9223372036854775808").signed_integer(), INT64_MIN);
  EXPECT_EQ(ReadOneValue("true").text(), "true");
  EXPECT_EQ(ReadOneValue("BPF_ANY").text(), "BPF_ANY");
  EXPECT_EQ(ReadOneValue("\"7\"").text(), "7");
  EXPECT_EQ(ReadOneValue("[1, a]").list().values_size(), 2);
  EXPECT_EQ(
      ReadOneValue("{a: {b: 2}}").fields().fields(0).value().fields().fields(0).value().unsigned_integer(),
      2U);
}

TEST(ValueTest, ReadsTags) {
  EXPECT_EQ(ReadOneValue("!ip fd00::1").tag().ip(), "fd00::1");
  EXPECT_EQ(ReadOneValue("!be32 0x10").tag().network_integer().bits(), 32U);
  EXPECT_EQ(ReadOneValue("!hex 0a0B").tag().hex(), "\x0a\x0b");
  EXPECT_EQ(ReadOneValue("!text 5").tag().text(), "5");
  EXPECT_EQ(ReadOneValue("!socket c").tag().socket().connection(), "c");
  EXPECT_EQ(ReadOneValue("!cookie {connection: c, end: accepted}").tag().cookie().end(),
            bpfrig::v1::CONNECTION_END_ACCEPTED);
  const auto sandbox = ReadOneValue("[!netns_cookie , !cgroup_id , !pid , !uid , !ifindex ]").list().values();
  EXPECT_TRUE(sandbox.at(0).tag().netns_cookie());
  EXPECT_TRUE(sandbox.at(1).tag().cgroup_id());
  EXPECT_TRUE(sandbox.at(2).tag().pid());
  EXPECT_TRUE(sandbox.at(3).tag().uid());
  EXPECT_TRUE(sandbox.at(4).tag().ifindex());
  const auto tuple = ReadOneValue("!tuple {connection: c, view: server, ports: host}").tag().tuple();
  EXPECT_EQ(tuple.view(), bpfrig::v1::TUPLE_VIEW_SERVER);
  EXPECT_EQ(tuple.ports(), bpfrig::v1::PORT_ORDER_HOST);
}

TEST(BytesTest, EncodesInNetworkOrder) {
  EXPECT_EQ(ReadOneBytes("!text hello"), "hello");
  EXPECT_EQ(ReadOneBytes("\"\""), "");
  EXPECT_EQ(ReadOneBytes("!be16 8080"), "\x1f\x90");
  EXPECT_EQ(ReadOneBytes("!be64 1"), std::string("\0\0\0\0\0\0\0\1", 8));
  EXPECT_EQ(ReadOneBytes("!concat [!ip 10.96.0.1, !hex 00, !concat [!text x]]"),
            std::string("\x0a\x60\0\1\0x", 6));
}

TEST(StepTest, SetsWhatTheRequestNeeds) {
  const Step step = ReadOne(
      "connect: {to: {address: 10.0.0.1, port: 80}, timeout: 3s}\n"
      "expect: {received: !text hello}\n");
  const auto& request = As<bpfrig::v1::ConnectRequest>(*step.call.request);
  EXPECT_EQ(request.timeout_ms(), 3000U);
  EXPECT_EQ(request.receive().at_least(), 5U);  // What is expected is waited for.
  ASSERT_EQ(step.call.expected.names, std::vector<std::string>{"received"});
  EXPECT_EQ(step.call.expected.parts[0].node->mark.line, 2);
  EXPECT_EQ(step.call.expected.parts[0].node->mark.column, 20);
}

TEST(StepTest, WaitsForTheEndIfItIsExpected) {
  const Step step = ReadOne("receive: {connection: c}\nexpect: {data: !text ab, peer_closed: true}\n");
  EXPECT_TRUE(As<bpfrig::v1::ReceiveRequest>(*step.call.request).until().until_closed());
}

TEST(StepTest, WaitsForAsManyBytesAsAMatcherNeeds) {
  const auto at_least = [](const std::string& expect) {
    const Step step = ReadOne("receive: {connection: c}\nexpect: {" + expect + "}\n");
    return As<bpfrig::v1::ReceiveRequest>(*step.call.request).until().at_least();
  };
  EXPECT_EQ(at_least("data: !starts_with abc"), 3U);
  EXPECT_EQ(at_least("starts_with: !text abcd"), 4U);
  EXPECT_EQ(at_least("data: !length 9"), 9U);
  EXPECT_EQ(at_least("data: !length [!at_least 7]"), 7U);
  EXPECT_EQ(at_least("data: !any_of [!text abcd, !starts_with ab]"), 2U);
  EXPECT_EQ(at_least("data: !matches ^HTTP"), 1U);
  EXPECT_EQ(at_least("data: !not [!text \"\"]"), 1U);
  // What no bytes satisfy as well is not waited for.
  for (const char* expect : {"data: !matches \"^a*$\"", "data: !not [!text a]", "data: !length [!at_most 7]",
                             "data: \"\"", "peer_closed: false"}) {
    EXPECT_EQ(at_least(expect), 0U) << expect;
  }
}

TEST(StepTest, WaitsForADatagramIfOneIsExpected) {
  const auto request = [](const std::string& step) {
    return As<bpfrig::v1::ReceiveRequest>(*ReadOne("receive: {connection: c" + step + "}\n").call.request);
  };
  EXPECT_EQ(request("}\nexpect: {from: {port: 53}").until().at_least(), 1U);
  EXPECT_EQ(request("}\nexpect: {data: \"\", from: {port: 53}").until().at_least(), 1U);
  EXPECT_EQ(request("}\nexpect: {data: !text abc, truncated: true").until().at_least(), 3U);
  EXPECT_EQ(request(", room: 4}\nexpect: {data: !not [!text a]").until().at_least(), 1U);
  EXPECT_EQ(request(", at_least: 5}\nexpect: {truncated: false").until().at_least(), 5U);
  // Nothing is waited for if nothing is expected.
  EXPECT_FALSE(request("").has_until());
  EXPECT_FALSE(request(", room: 4").has_until());
  const Step dial = ReadOne(
      "connect: {transport: unix_datagram, to: {abstract: s}}\n"
      "expect: {received: !matches ^a}\n");
  const auto& connect = As<bpfrig::v1::ConnectRequest>(*dial.call.request);
  EXPECT_EQ(connect.receive().at_least(), 1U);
  EXPECT_EQ(connect.transport(), bpfrig::v1::TRANSPORT_UNIX_DATAGRAM);
  EXPECT_EQ(connect.to().abstract(), "s");
}

TEST(StepTest, TellsTheErrnoOfARefusalFromThatOfAnAnswer) {
  const Step listen =
      ReadOne("listen: {name: s, at: {address: 10.0.0.1, port: 80}}\nexpect: {errno: EADDRINUSE}\n");
  ASSERT_TRUE(listen.refusal.has_value());
  EXPECT_EQ(listen.refusal->value.text(), "EADDRINUSE");
  EXPECT_FALSE(listen.error.has_value());
  EXPECT_TRUE(listen.call.expected.parts.empty());
  const std::string socket = "socket: {name: s, transport: udp}\nexpect: ";
  EXPECT_FALSE(ReadOne(socket + "{errno: EPERM}\n").refusal.has_value());
  const Step refused = ReadOne(socket + "{error: KERNEL_REFUSED, errno: !not EPERM}\n");
  ASSERT_TRUE(refused.refusal.has_value());
  EXPECT_EQ(refused.refusal->kind, PatternKind::kNot);
  // Also of steps with readers of their own.
  for (const char* step :
       {"attach: {program: p}", "load: {object: obj}", "dump: {map: m}", "events: {map: m}",
        "seed: {map: m, entries: [{key: 1, value: 1}]}", "run: {program: p, data: !hex 00}"}) {
    EXPECT_TRUE(ReadOne(std::string(step) + "\nexpect: {errno: EPERM}\n").refusal.has_value()) << step;
  }
}

TEST(StepTest, ReadsHowOftenProgramsRun) {
  const Step step = ReadOne("detach: {link: l}\nruns: {p: 1, o/q: !at_least 2}\n");
  ASSERT_EQ(step.runs.size(), 2U);
  EXPECT_EQ(step.runs[0].program.value, "p");
  EXPECT_EQ(step.runs[0].count.value.unsigned_integer(), 1U);
  EXPECT_EQ(step.runs[1].program.value, "o/q");
  EXPECT_EQ(step.runs[1].count.kind, PatternKind::kAtLeast);
  EXPECT_EQ(ToString(step.runs[1].program.mark), "t.yaml:2:14");
}

TEST(StepTest, OrdersPatternsByExpectation) {
  const Step step = ReadOne("dump: {map: m}\nexpect: {absent: [{key: 9}], exactly: [{key: 1}, {key: 2}]}\n");
  const auto& request = As<bpfrig::v1::DumpMapRequest>(*step.call.request);
  const auto& dump = std::get<DumpShape>(step.shape);
  ASSERT_EQ(request.patterns_size(), 3);
  EXPECT_EQ(dump.exactly->value.count, 2U);
  EXPECT_EQ(dump.absent->value.first, 2U);
  EXPECT_EQ(request.patterns(2).key().unsigned_integer(), 9U);
}

TEST(StepTest, SendsThePlainPartOfAPatternAndWhatAMatcherComparesBytesWith) {
  const Step step = ReadOne(
      "dump: {map: m}\n"
      "expect: {contains: [{key: 1, value: {a: 5, b: !not [!ip 10.0.0.1], c: [1, !any_of [2, 3]], d: "
      "!at_least 4}}]}\n");
  const auto& request = As<bpfrig::v1::DumpMapRequest>(*step.call.request);
  ASSERT_EQ(request.patterns_size(), 4);
  const auto& plain = request.patterns(0).value().fields();
  ASSERT_EQ(plain.fields_size(), 2);
  EXPECT_EQ(plain.fields(0).name(), "a");
  EXPECT_EQ(plain.fields(1).name(), "c");
  // The element that a matcher stands for says nothing.
  EXPECT_EQ(plain.fields(1).value().list().values(1).kind_case(), bpfrig::v1::Value::KIND_NOT_SET);
  EXPECT_EQ(request.patterns(1).value().fields().fields(0).value().tag().ip(), "10.0.0.1");
  const auto& third = request.patterns(3).value().fields().fields(0);
  EXPECT_EQ(third.name(), "c");
  EXPECT_EQ(third.value().list().values(0).kind_case(), bpfrig::v1::Value::KIND_NOT_SET);
  EXPECT_EQ(third.value().list().values(1).unsigned_integer(), 3U);
}

TEST(StepTest, TakesVariablesForKeysOfSetAndGlobals) {
  const Step set = ReadOne("set: {counter: 5, obj/settings: {port: 80}}\nexpect: {errno: EPERM}\n");
  const auto& values = As<bpfrig::v1::SetGlobalsRequest>(*set.call.request).globals();
  ASSERT_EQ(values.size(), 2);
  EXPECT_EQ(values[1].name(), "obj/settings");
  EXPECT_EQ(values[1].value().fields().fields(0).value().unsigned_integer(), 80U);
  EXPECT_EQ(ToString(MarkOfField(set, "globals.obj/settings.port")), "t.yaml:1:40");
  EXPECT_EQ(WordsOfField(set, "globals.obj/settings.port"), "obj/settings.port");

  const Step read = ReadOne("globals: [a]\nexpect: {b: !at_least 3, a: {port: !be16 80}}\nwithin: 1s\n");
  const auto& request = As<bpfrig::v1::ReadGlobalsRequest>(*read.call.request);
  EXPECT_EQ(request.names_size(), 2);
  EXPECT_EQ(request.names(1), "b");
  // A matcher's variable keeps its place; what is in a byte order is encoded once more, by itself.
  ASSERT_EQ(request.patterns_size(), 3);
  EXPECT_EQ(request.patterns(0).value().kind_case(), bpfrig::v1::Value::KIND_NOT_SET);
  EXPECT_EQ(request.patterns(2).name(), "a");
  EXPECT_EQ(ToString(MarkOfField(read, "patterns[1].port")), "t.yaml:2:36");
  EXPECT_EQ(WordsOfField(read, "patterns[1].port"), "a.port");
  EXPECT_EQ(ToString(MarkOfField(read, "names[1]")), "t.yaml:2:13");
  EXPECT_EQ(As<bpfrig::v1::ReadGlobalsRequest>(*ReadOne("globals:\nexpect: {c: 1}\n").call.request).names(0),
            "c");
}

TEST(StepTest, WaitsForAsManyEventsAsAreExpected) {
  const auto request = [](const std::string& expect) {
    const Step step = ReadOne("events: {map: r}\nexpect: {" + expect + "}\n");
    return As<bpfrig::v1::ReadEventsRequest>(*step.call.request);
  };
  EXPECT_EQ(request("exactly: [1, 2, 3]").at_least(), 3U);
  EXPECT_EQ(request("exactly: [1, 2, 3]").wait_ms(), 2000U);
  EXPECT_EQ(request("count: !at_least 4").at_least(), 4U);
  EXPECT_EQ(request("none: true").wait_ms(), 0U);
}

TEST(StepTest, ReadsWhichProgramsOfAnObjectAreMeant) {
  const Step step = ReadOne("load:\n  object: obj\n  programs: {except: [a, b]}\n  attach: all\n");
  const auto& request = As<bpfrig::v1::LoadProgramRequest>(*step.call.request);
  EXPECT_THAT(request.programs_except(), testing::ElementsAre("a", "b"));
  EXPECT_TRUE(request.attach_all());
  EXPECT_EQ(request.programs_size() + request.attach_size(), 0);
  EXPECT_EQ(ToString(MarkOfField(step, "programs_except[1]")), "t.yaml:3:26");
  EXPECT_EQ(WordsOfField(step, "programs_except[1]"), "programs.except[1]");
  EXPECT_EQ(ToString(MarkOfField(step, "attach_all")), "t.yaml:4:11");
  EXPECT_EQ(WordsOfField(step, "attach_all"), "attach");
}

TEST(StepTest, FindsTheMarkAndTheWordsOfARequestField) {
  const Step seed =
      ReadOne("seed:\n  map: m\n  entries:\n    - {key: 1, value: 2}\n    - {key: 1, value: {a: [5, 6]}}\n");
  EXPECT_EQ(ToString(MarkOfField(seed, "entries[1].value.a[1]")), "t.yaml:5:31");
  EXPECT_EQ(ToString(MarkOfField(seed, "entries[1].value.a[1].b")), "t.yaml:5:31");
  EXPECT_EQ(ToString(MarkOfField(seed, "entries[0].value.wp_addr")), "t.yaml:4:23");
  EXPECT_EQ(ToString(MarkOfField(seed, "")), "t.yaml:1:1");
  EXPECT_EQ(WordsOfField(seed, "entries[1].value.a[1]"), "entries[1].value.a[1]");
  const Step load = ReadOne("load:\n  object: obj\n  globals: {debug: true}\n  attach:\n    - p\n");
  EXPECT_EQ(ToString(MarkOfField(load, "globals[0].value")), "t.yaml:3:20");
  EXPECT_EQ(ToString(MarkOfField(load, "attach[0].program")), "t.yaml:5:7");
  EXPECT_EQ(ToString(MarkOfField(load, "name")), "t.yaml:2:11");
  const Step dump = ReadOne("dump: {map: m}\nexpect: {contains: [{key: 1}], absent: [{key: {a: 9}}]}\n");
  EXPECT_EQ(ToString(MarkOfField(dump, "patterns[1].key.a")), "t.yaml:2:51");
  EXPECT_EQ(WordsOfField(dump, "patterns[1].key.a"), "absent[0].key.a");
  const Step send = ReadOne("send: {connection: c, data: !text x, timeout: 1s}\n");
  EXPECT_EQ(ToString(MarkOfField(send, "from.connection")), "t.yaml:1:20");
  EXPECT_EQ(ToString(MarkOfField(send, "timeout_ms")), "t.yaml:1:47");
  EXPECT_EQ(WordsOfField(send, "from.connection"), "connection");
  EXPECT_EQ(WordsOfField(send, "timeout_ms"), "timeout");
}

// Every method of the service is either a step or one of the sandbox's own.
TEST(StepTest, HasAStepForEveryCallThatAPlanMakes) {
  const std::set<std::string> without_step = {"OpenSandbox", "CloseSandbox", "GetInfo", "CountRuns",
                                              "ListInstructions"};
  for (int i = 0; i < rules::Service().method_count(); ++i) {
    const auto& method = *rules::Service().method(i);
    EXPECT_EQ(rules::StepOf(method).name().empty(), without_step.count(method.name()) == 1)
        << method.full_name();
  }
}

}  // namespace
}  // namespace bpfrig::client::plan
