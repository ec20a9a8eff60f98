// Every matcher, on every kind of field: what holds, and what is said if it does not.
#include "client/verdict/matcher.h"

#include <gmock/gmock.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/verdict/answer.h"
#include "client/verdict/entries.h"
#include "client/verdict/testing/step_text.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::ResolvedValue;
using bpfrig::v1::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "t.yaml:2:9: errno: expected X, actual Y" for each difference.
std::vector<std::string> Lines(const Differences& differences) {
  std::vector<std::string> lines;
  for (const Difference& difference : differences) {
    lines.push_back(absl::StrCat(ToString(difference.mark), ": ", difference.field, ": expected ",
                                 difference.expected, ", actual ", difference.actual));
  }
  return lines;
}

std::vector<std::string> CompareConnectTo(const std::string& expect,
                                          const bpfrig::v1::ConnectResponse& answer) {
  const plan::Step step = ReadOne("connect: {to: {address: 10.0.0.1, port: 80}}\nexpect: {" + expect + "}\n");
  return Lines(CompareAnswer(step.call, step.mark, answer));
}

bpfrig::v1::ConnectResponse Answered() {
  bpfrig::v1::ConnectResponse answer;
  answer.mutable_peer()->set_address("10.0.0.1");
  answer.mutable_peer()->set_port(8080);
  answer.set_server("backend-2");
  answer.set_sent(5);
  answer.set_received("hello\nworld");
  return answer;
}

TEST(AnswerMatcherTest, HoldsOnErrnos) {
  bpfrig::v1::ConnectResponse refused;
  refused.set_errno_name("EPERM");
  EXPECT_THAT(CompareConnectTo("errno: !any_of [EPERM, EACCES]", refused), IsEmpty());
  EXPECT_THAT(CompareConnectTo("errno: !not none", refused), IsEmpty());
  EXPECT_THAT(CompareConnectTo("errno: !any_of [ECONNREFUSED, EACCES]", refused),
              ElementsAre("t.yaml:2:17: errno: expected !any_of [ECONNREFUSED, EACCES], actual EPERM"));
  EXPECT_THAT(CompareConnectTo("errno: !not none", Answered()),
              ElementsAre("t.yaml:2:17: errno: expected !not none, actual none"));
}

TEST(AnswerMatcherTest, HoldsOnCounts) {
  EXPECT_THAT(CompareConnectTo("sent: !at_least 5", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("sent: !at_most 5", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("sent: !between [4, 5]", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("sent: !not 4", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("sent: !at_least 6", Answered()),
              ElementsAre("t.yaml:2:16: sent: expected !at_least 6, actual 5"));
  EXPECT_THAT(CompareConnectTo("sent: !at_most 4", Answered()),
              ElementsAre("t.yaml:2:16: sent: expected !at_most 4, actual 5"));
  EXPECT_THAT(CompareConnectTo("sent: !between [6, 9]", Answered()),
              ElementsAre("t.yaml:2:16: sent: expected !between [6, 9], actual 5"));
  EXPECT_THAT(CompareConnectTo("sent: !between [1, 4]", Answered()),
              ElementsAre("t.yaml:2:16: sent: expected !between [1, 4], actual 5"));
}

TEST(AnswerMatcherTest, HoldsOnTextAndBelowAMember) {
  EXPECT_THAT(CompareConnectTo("server: !matches \"^backend-[0-9]$\"", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("server: !starts_with backend", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("server: !ends_with \"2\"", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("server: !length 9", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("peer: {port: !any_of [80, 8080], address: !not 10.0.0.2}", Answered()),
              IsEmpty());
  EXPECT_THAT(CompareConnectTo("server: !matches \"^x\"", Answered()),
              ElementsAre("t.yaml:2:18: server: expected !matches \"^x\", actual backend-2"));
  EXPECT_THAT(CompareConnectTo("server: !ends_with x", Answered()),
              ElementsAre("t.yaml:2:18: server: expected !ends_with x, actual backend-2"));
  EXPECT_THAT(CompareConnectTo("server: !length [!at_most 3]", Answered()),
              ElementsAre("t.yaml:2:18: server: expected !length [!at_most 3], actual backend-2"));
  EXPECT_THAT(CompareConnectTo("peer: {port: !not 8080}", Answered()),
              ElementsAre("t.yaml:2:23: peer.port: expected !not 8080, actual 8080"));
}

TEST(AnswerMatcherTest, HoldsOnBytes) {
  EXPECT_THAT(CompareConnectTo("received: !contains world", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !contains [!hex 6f 0a 77]", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !starts_with hell", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !ends_with [!text d]", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !length 11", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !matches \"o.w|llo\"", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !not [!text hello]", Answered()), IsEmpty());
  EXPECT_THAT(CompareConnectTo("received: !contains [!hex 00]", Answered()),
              ElementsAre("t.yaml:2:20: received: expected !contains [!hex 00], actual 11 bytes: "
                          "\"hello\\nworld\""));
  EXPECT_THAT(CompareConnectTo("received: !starts_with world", Answered()),
              ElementsAre("t.yaml:2:20: received: expected !starts_with world, actual 11 bytes: "
                          "\"hello\\nworld\""));
}

TEST(AnswerMatcherTest, HoldsOnElementsOfAList) {
  bpfrig::v1::LoadProgramResponse answer;
  auto* program = answer.mutable_loaded()->add_programs();
  program->set_name("connect4");
  program->set_type("cgroup_sock_addr");
  const auto compare = [&](const std::string& programs) {
    plan::Problems problems;
    const plan::NodePtr node =
        plan::ReadYaml("load: {object: obj}\nexpect: {loaded: {programs: " + programs + "}}\n",
                       std::make_shared<const std::string>("t.yaml"), problems);
    const plan::Step step =
        plan::ReadStep(node, {{"obj", std::make_shared<const std::string>("bytes")}}, problems);
    EXPECT_TRUE(problems.Empty());
    return Lines(CompareAnswer(step.call, step.mark, answer));
  };
  EXPECT_THAT(compare("[{name: !starts_with connect}]"), IsEmpty());
  EXPECT_THAT(compare("!length 1"), IsEmpty());
  EXPECT_THAT(compare("!contains {type: cgroup_sock_addr}"), IsEmpty());
  EXPECT_THAT(compare("[{name: !starts_with x}]"),
              ElementsAre("t.yaml:2:37: loaded.programs[0].name: expected !starts_with x, actual connect4"));
  EXPECT_THAT(compare("!length 2"),
              ElementsAre("t.yaml:2:29: loaded.programs: expected !length 2, actual [{name: connect4, type: "
                          "cgroup_sock_addr, section: \"\", instruction_count: 0}]"));
}

// A `struct { __u32 level; __u32 port /* network order, in the low half */; __u8 name[4]; __u32 list[2]; }`
// in a map.
struct Memory16 {
  uint32_t level;
  uint32_t port;
  char name[4];
  uint32_t list[2];
};

void AddField(Value& value, const std::string& name, const Value& member) {
  auto* field = value.mutable_fields()->add_fields();
  field->set_name(name);
  *field->mutable_value() = member;
}

Value Number(uint64_t number) {
  Value value;
  value.set_unsigned_integer(number);
  return value;
}

Value Decoded(const Memory16& memory) {
  Value value;
  AddField(value, "level", Number(memory.level));
  AddField(value, "port", Number(memory.port));
  Value name;
  name.set_text(std::string(memory.name, strnlen(memory.name, sizeof(memory.name))));
  AddField(value, "name", name);
  Value list;
  for (const uint32_t item : memory.list) *list.mutable_list()->add_values() = Number(item);
  AddField(value, "list", list);
  return value;
}

// What a worker makes of a pattern's value for that struct.
ResolvedValue Encode(const Value& value) {
  Memory16 bytes{};
  Memory16 mask{};
  for (const auto& field : value.fields().fields()) {
    const auto put = [&](uint32_t& to, uint32_t& covered, const Value& from) {
      if (from.kind_case() == Value::KIND_NOT_SET) return;
      covered = UINT32_MAX;
      to = static_cast<uint32_t>(from.unsigned_integer());
      if (from.tag().has_network_integer()) {
        const auto port = static_cast<uint16_t>(from.tag().network_integer().value());
        const char network[2] = {static_cast<char>(port >> 8), static_cast<char>(port)};
        std::memcpy(&to, network, sizeof(network));
      }
    };
    if (field.name() == "level") put(bytes.level, mask.level, field.value());
    if (field.name() == "port") put(bytes.port, mask.port, field.value());
    for (int i = 0; field.name() == "list" && i < field.value().list().values_size(); ++i) {
      put(bytes.list[i], mask.list[i], field.value().list().values(i));
    }
  }
  ResolvedValue resolved;
  resolved.set_bytes(std::string(reinterpret_cast<const char*>(&bytes), sizeof(bytes)));
  resolved.set_mask(std::string(reinterpret_cast<const char*>(&mask), sizeof(mask)));
  *resolved.mutable_decoded() = Decoded(bytes);
  return resolved;
}

uint32_t NetworkPort(uint16_t port) {
  uint32_t field = 0;
  const unsigned char bytes[2] = {static_cast<unsigned char>(port >> 8), static_cast<unsigned char>(port)};
  std::memcpy(&field, bytes, sizeof(bytes));
  return field;
}

std::vector<std::string> CompareMember(const std::string& member, const Memory16& memory) {
  const plan::Step step =
      ReadOne("dump: {map: m}\nexpect: {contains: [{key: 1, value: {" + member + "}}]}\n");
  Dump dump;
  for (const auto& pattern : plan::As<bpfrig::v1::DumpMapRequest>(*step.call.request).patterns()) {
    auto& resolved = dump.patterns.emplace_back();
    if (pattern.has_key()) {
      resolved.mutable_key()->set_bytes(std::string(1, '\1'));
      resolved.mutable_key()->set_mask(std::string(1, '\xff'));
    }
    if (pattern.has_value()) *resolved.mutable_value() = Encode(pattern.value());
  }
  auto& entry = dump.entries.emplace_back();
  entry.set_raw_key(std::string(1, '\1'));
  *entry.mutable_key() = Number(1);
  entry.set_raw_value(std::string(reinterpret_cast<const char*>(&memory), sizeof(memory)));
  *entry.mutable_value() = Decoded(memory);
  return Lines(CompareDump(std::get<plan::DumpShape>(step.shape), step.mark, dump));
}

const Memory16 kMemory = {7, NetworkPort(8080), {'e', 't', 'h', '0'}, {3, 500}};

TEST(ValueMatcherTest, HoldsOnAMember) {
  EXPECT_THAT(CompareMember("level: !at_least 7", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("level: !between [1, 7]", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("level: !any_of [1, 7]", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("level: !not 8, name: !matches \"^eth[0-9]\"", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("level: !at_most 6", kMemory),
              ElementsAre("t.yaml:2:45: contains[0].value.level (key 1): expected !at_most 6, actual 7"));
  EXPECT_THAT(CompareMember("level: !any_of [1, 2]", kMemory),
              ElementsAre("t.yaml:2:45: contains[0].value.level (key 1): expected !any_of [1, 2], actual 7"));
  EXPECT_THAT(CompareMember("level: !not 7", kMemory),
              ElementsAre("t.yaml:2:45: contains[0].value.level (key 1): expected !not 7, actual 7"));
  EXPECT_THAT(CompareMember("name: !ends_with \"1\"", kMemory),
              ElementsAre("t.yaml:2:44: contains[0].value.name (key 1): expected !ends_with 1, actual eth0"));
  EXPECT_THAT(CompareMember("level: !matches \"7\"", kMemory),
              ElementsAre("t.yaml:2:45: contains[0].value.level (key 1): expected !matches \"7\", actual 7"));
}

TEST(ValueMatcherTest, HoldsOnAnElementAndOnTheList) {
  EXPECT_THAT(CompareMember("list: [3, !at_least 400]", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("list: !contains 500", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("list: !length 2", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("list: [!not 3, 500]", kMemory),
              ElementsAre("t.yaml:2:45: contains[0].value.list[0] (key 1): expected !not 3, actual 3"));
  EXPECT_THAT(CompareMember("list: [!at_least 1, 501]", kMemory),
              ElementsAre("t.yaml:2:58: contains[0].value.list[1] (key 1): expected 501, actual 500"));
  EXPECT_THAT(
      CompareMember("list: !contains 4", kMemory),
      ElementsAre("t.yaml:2:44: contains[0].value.list (key 1): expected !contains 4, actual [3, 500]"));
}

TEST(ValueMatcherTest, ComparesANumberInNetworkOrderAsANumber) {
  EXPECT_THAT(CompareMember("port: !at_least [!be16 1024]", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("port: !between [!be16 8080, !be16 8081]", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("port: !not [!be16 80]", kMemory), IsEmpty());
  EXPECT_THAT(CompareMember("port: !any_of [!be16 80, !be16 8080]", kMemory), IsEmpty());
  // 0x1f90 is less than 0x2000, though its bytes in host order are more.
  EXPECT_THAT(CompareMember("port: !at_most [!be16 8192]", kMemory), IsEmpty());
  EXPECT_THAT(
      CompareMember("port: !at_most [!be16 8000]", kMemory),
      ElementsAre(absl::StrCat("t.yaml:2:44: contains[0].value.port (key 1): expected !at_most [!be16 8000], "
                               "actual !be16 8080 = ",
                               NetworkPort(8080))));
}

TEST(ValueMatcherTest, SaysThatAMatcherNeedsAType) {
  const plan::Step step = ReadOne("dump: {map: m}\nexpect: {contains: [{value: !at_least 1}]}\n");
  Dump dump;
  dump.patterns.emplace_back();
  dump.entries.emplace_back().set_raw_value(std::string(4, '\1'));
  EXPECT_THAT(Lines(CompareDump(std::get<plan::DumpShape>(step.shape), step.mark, dump)),
              ElementsAre("t.yaml:2:21: contains[0]: expected {value: !at_least 1}, actual no such entry; "
                          "there is:\n{value: 01 01 01 01}"));
}

TEST(TypedMatcherTest, WantsAllElementsOfAFlexibleArray) {
  const std::string bytes;
  const std::vector<const bpfrig::v1::ResolvedValue*> encodings;
  const Memory memory{bytes, encodings};
  plan::Pattern pattern;
  pattern.kind = plan::PatternKind::kList;
  pattern.parts.resize(2);
  bpfrig::v1::Value list;
  list.mutable_list()->add_values()->set_unsigned_integer(1);
  EXPECT_FALSE(Holds(pattern, &list, &memory));
  list.mutable_list()->add_values()->set_unsigned_integer(2);
  EXPECT_TRUE(Holds(pattern, &list, &memory));
  list.mutable_list()->add_values()->set_unsigned_integer(3);
  EXPECT_TRUE(Holds(pattern, &list, &memory));
}

}  // namespace
}  // namespace bpfrig::client::verdict
