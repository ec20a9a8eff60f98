// Comparisons, on answers as a daemon would give them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "client/verdict/explain.h"
#include "client/verdict/format.h"
#include "client/verdict/globals.h"
#include "client/verdict/matching.h"
#include "client/verdict/programs.h"
#include "client/verdict/socket_option.h"
#include "client/verdict/testing/step_text.h"
#include "client/verdict/testing/typed_answers.h"
#include "client/verdict/traffic.h"

namespace bpfrig::client::verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(MatchingTest, MovesPatternsToOtherItemsIfThatHelps) {
  const auto matched = MatchPatterns({{0, 1}, {0}, {1, 2}}, 3);
  EXPECT_EQ(matched[0], 1U);
  EXPECT_EQ(matched[1], 0U);
  EXPECT_EQ(matched[2], 2U);
}

TEST(MatchingTest, LeavesOverWhatHasNoPartner) {
  const auto matched = MatchPatterns({{0}, {0}, {}}, 1);
  EXPECT_EQ(matched[0].has_value() + matched[1].has_value() + matched[2].has_value(), 1);
}

TEST(MatchingTest, TakesLongChains) {
  std::vector<std::vector<size_t>> candidates;
  for (size_t i = 0; i < 5000; ++i) candidates.push_back({i, i + 1});
  candidates.push_back({0});
  for (const auto& item : MatchPatterns(candidates, 5001)) EXPECT_TRUE(item.has_value());
}

TEST(PatternTest, ComparesUnderTheMask) {
  EXPECT_TRUE(Matches(Pair(1, -1), std::string("\x01\x09", 2)));
  EXPECT_FALSE(Matches(Pair(1, -1), std::string("\x02\x09", 2)));
  EXPECT_FALSE(Matches(Pair(1, -1), std::string("\x01", 1)));
  EXPECT_TRUE(Matches(Pair(1, -1), std::string("\x01\x00\x07", 3)));
  EXPECT_TRUE(Matches(bpfrig::v1::ResolvedValue(), "anything"));
}

TEST(GlobalsTest, ComparesVariablesByName) {
  const plan::Step step = ReadOne("globals:\nexpect: {x: {a: 1, b: !at_least 3}, y: 5}\n");
  const auto& shape = std::get<plan::GlobalsShape>(step.shape);
  bpfrig::v1::ReadGlobalsResponse answer;
  const auto add = [&](const char* name, const bpfrig::v1::ResolvedValue& held) {
    auto* global = answer.add_globals();
    global->set_name(name);
    global->set_raw(held.bytes());
    *global->mutable_value() = held.decoded();
  };
  add("x", Pair(1, 3));
  add("y", Byte(5));
  *answer.add_patterns() = Pair(1, -1);
  *answer.add_patterns() = Byte(5);
  EXPECT_THAT(CompareGlobals(shape, answer), IsEmpty());
  answer.clear_globals();
  add("x", Pair(2, 2));
  add("y", Byte(6));
  const Differences differences = CompareGlobals(shape, answer);
  EXPECT_THAT(Fields(differences), ElementsAre("x.a", "x.b", "y"));
  EXPECT_EQ(differences[2].actual, "6");
  EXPECT_EQ(ToString(differences[1].mark), "t.yaml:2:23");
}

TEST(ConnectTest, MustComeThroughUnlessAnErrnoIsExpected) {
  const plan::Step plain = ReadOne("connect: {to: {address: 10.0.0.1, port: 80}}\n");
  bpfrig::v1::ConnectResponse refused;
  refused.set_errno_name("ECONNREFUSED");
  const plan::Call& step = plain.call;
  const Differences differences = CompareConnect(step, plain.mark, refused);
  ASSERT_THAT(Fields(differences), ElementsAre("errno"));
  EXPECT_EQ(differences[0].expected, "none");
  EXPECT_EQ(ToString(differences[0].mark), "t.yaml:1:1");
  EXPECT_THAT(CompareConnect(step, plain.mark, bpfrig::v1::ConnectResponse()), IsEmpty());

  const plan::Step failing =
      ReadOne("connect: {to: {address: 10.0.0.1, port: 80}}\nexpect: {errno: EPERM}\n");
  const plan::Call& expects = failing.call;
  EXPECT_THAT(CompareConnect(expects, failing.mark, refused), SizeIs(1));
  EXPECT_THAT(CompareConnect(expects, failing.mark, bpfrig::v1::ConnectResponse()), SizeIs(1));
}

TEST(ConnectTest, ComparesAddressesNotTheirSpelling) {
  const plan::Step step = ReadOne(
      "connect: {to: {address: \"fd00::1\", port: 80}}\n"
      "expect: {peer: {address: \"fd00:0::1\", port: 81}, local: {address: \"::ffff:10.0.0.1\"}, server: "
      "s}\n");
  const plan::Call& connect = step.call;
  bpfrig::v1::ConnectResponse response;
  response.mutable_peer()->set_address("fd00::1");
  response.mutable_peer()->set_port(81);
  response.mutable_local()->set_address("10.0.0.1");
  response.set_server("s");
  EXPECT_THAT(CompareConnect(connect, step.mark, response), IsEmpty());
  response.mutable_peer()->set_port(80);
  response.mutable_local()->set_address("10.0.0.2");
  response.clear_server();
  response.set_server_timed_out(true);
  EXPECT_THAT(Fields(CompareConnect(connect, step.mark, response)),
              ElementsAre("local.address", "peer.port", "server"));
}

TEST(ConnectTest, FailsIfLessCameThanItWaitedFor) {
  const plan::Step step = ReadOne("connect: {to: {address: 10.0.0.1, port: 80}, receive: {at_least: 5}}\n");
  bpfrig::v1::ConnectResponse response;
  response.set_received("abc");
  EXPECT_THAT(Fields(CompareConnect(step.call, step.mark, response)), ElementsAre("at_least"));
}

TEST(ConnectTest, SaysThatNoDatagramWasReadBack) {
  const std::string dial = "connect: {transport: udp, to: {address: 10.0.0.1, port: 53}";
  const plan::Step expecting = ReadOne(dial + "}\nexpect: {received: !text hi}\n");
  const plan::Step asking = ReadOne(dial + ", receive: {at_least: 100}}\n");
  bpfrig::v1::ConnectResponse response;
  response.set_receive_timed_out(true);
  const Differences differences = CompareConnect(expecting.call, expecting.mark, response);
  ASSERT_THAT(Fields(differences), ElementsAre("received"));
  EXPECT_EQ(differences[0].actual, "no datagram came within the timeout");
  EXPECT_THAT(Fields(CompareConnect(asking.call, asking.mark, response)), ElementsAre("at_least"));
  // An empty one is one.
  response.set_receive_timed_out(false);
  EXPECT_THAT(CompareConnect(asking.call, asking.mark, response), IsEmpty());
  EXPECT_EQ(CompareConnect(expecting.call, expecting.mark, response)[0].actual, "0 bytes: \"\"");
  // One is enough, as long as it may be.
  response.set_received("hi");
  EXPECT_THAT(CompareConnect(expecting.call, expecting.mark, response), IsEmpty());
  EXPECT_THAT(CompareConnect(asking.call, asking.mark, response), IsEmpty());
}

TEST(ConnectTest, WantsExactlyTheServers) {
  const plan::Step step =
      ReadOne("connect: {to: {address: 10.0.0.1, port: 80}}\nrepeat: 4\nexpect: {servers: [a, b]}\n");
  const auto& connect = std::get<plan::ConnectShape>(step.shape);
  EXPECT_THAT(CompareServers(connect, {"a", "b"}), IsEmpty());
  EXPECT_THAT(CompareServers(connect, {"a"}), SizeIs(1));
  EXPECT_THAT(CompareServers(connect, {"a", "b", ""}), SizeIs(1));
}

TEST(SendTest, ExpectsAllToGo) {
  const plan::Step step = ReadOne("send: {connection: c, data: !text hello}\n");
  const plan::Call& send = step.call;
  bpfrig::v1::SendResponse response;
  response.set_sent(3);
  EXPECT_THAT(Fields(CompareSend(send, step.mark, response)), ElementsAre("sent"));
  response.set_sent(5);
  EXPECT_THAT(CompareSend(send, step.mark, response), IsEmpty());
  response.set_errno_name("EPIPE");
  EXPECT_THAT(Fields(CompareSend(send, step.mark, response)), ElementsAre("errno"));
}

Differences CompareReceiveOf(const plan::Step& step, const bpfrig::v1::ReceiveResponse& response) {
  return CompareReceive(step.call, step.mark, response);
}

TEST(ReceiveTest, FailsIfTheWaitEndedEmptyHanded) {
  const plan::Step step = ReadOne("receive: {connection: c, until_closed: true}\n");
  bpfrig::v1::ReceiveResponse response;
  response.set_timed_out(true);
  EXPECT_THAT(Fields(CompareReceiveOf(step, response)), ElementsAre("until_closed"));
  response.set_peer_closed(true);
  EXPECT_THAT(CompareReceiveOf(step, response), IsEmpty());
}

TEST(ReceiveTest, SaysInWordsThatNothingCame) {
  bpfrig::v1::ReceiveResponse response;
  response.set_timed_out(true);
  const Differences stream =
      CompareReceiveOf(ReadOne("receive: {connection: c}\nexpect: {data: !text hi}\n"), response);
  ASSERT_THAT(Fields(stream), ElementsAre("data"));
  EXPECT_EQ(stream[0].expected, "!text \"hi\"");
  EXPECT_EQ(stream[0].actual, "nothing came within the timeout");
  response.set_of_datagrams(true);
  const Differences datagram = CompareReceiveOf(
      ReadOne("receive: {connection: c}\nexpect: {data: \"\", from: {address: 10.0.0.1, port: 53}}\n"),
      response);
  ASSERT_THAT(Fields(datagram), ElementsAre("data", "from"));
  EXPECT_EQ(datagram[0].actual, "no datagram came within the timeout");
  EXPECT_EQ(datagram[1].expected, "{address: 10.0.0.1, port: 53}");
  EXPECT_EQ(ToString(datagram[1].mark), "t.yaml:2:26");
  // Also if the plan expects nothing of it.
  EXPECT_THAT(Fields(CompareReceiveOf(ReadOne("receive: {connection: c, room: 4, at_least: 1}\n"), response)),
              ElementsAre("at_least"));
}

TEST(ReceiveTest, TakesAnEmptyDatagramForOne) {
  const plan::Step step = ReadOne(
      "receive: {connection: c, at_least: 9}\nexpect: {data: \"\", from: {port: 53}, truncated: false}\n");
  bpfrig::v1::ReceiveResponse response;
  response.set_of_datagrams(true);
  response.mutable_from()->set_port(53);
  EXPECT_THAT(CompareReceiveOf(step, response), IsEmpty());
  EXPECT_THAT(CompareReceiveOf(ReadOne("receive: {connection: c, at_least: 9}\n"), response), IsEmpty());
  response.mutable_from()->set_port(54);
  response.set_truncated(true);
  EXPECT_THAT(Fields(CompareReceiveOf(step, response)), ElementsAre("from.port", "truncated"));
}

TEST(ReceiveTest, TellsASenderWithoutANameFromNoSender) {
  const plan::Step unnamed = ReadOne("receive: {connection: c}\nexpect: {from: unnamed}\n");
  bpfrig::v1::ReceiveResponse response;
  response.set_of_datagrams(true);
  response.mutable_from();
  EXPECT_THAT(CompareReceiveOf(unnamed, response), IsEmpty());
  response.mutable_from()->set_abstract("me");
  EXPECT_THAT(Fields(CompareReceiveOf(unnamed, response)), ElementsAre("from.abstract"));
  EXPECT_THAT(CompareReceiveOf(ReadOne("receive: {connection: c}\nexpect: {from: !not unnamed}\n"), response),
              IsEmpty());
  response.clear_from();
  response.set_errno_name("ECONNREFUSED");
  const plan::Step refused =
      ReadOne("receive: {connection: c}\nexpect: {errno: ECONNREFUSED, from: unnamed}\n");
  const Differences differences = CompareReceiveOf(refused, response);
  ASSERT_THAT(Fields(differences), ElementsAre("from"));
  EXPECT_EQ(differences[0].expected, "unnamed");
}

Differences CompareOption(const plan::Step& step, const bpfrig::v1::GetSocketOptionResponse& response) {
  return CompareSocketOption(step.call, std::get<plan::SocketOptionShape>(step.shape), step.mark, response);
}

TEST(SocketOptionTest, ComparesAValueByItsType) {
  const plan::Step step = ReadOne(
      "getsockopt: {socket: c, level: 1, option: 13, type: vmlinux/linger}\n"
      "expect: {length: 8, value: {l_onoff: 1, l_linger: !at_least 3}}\n");
  ASSERT_EQ(std::get<plan::SocketOptionShape>(step.shape).sources.size(), 1U);
  bpfrig::v1::GetSocketOptionResponse response;
  bpfrig::v1::ResolvedValue& pattern = *response.add_patterns();
  pattern.set_bytes(std::string("\1\0\0\0\0\0\0\0", 8));
  pattern.set_mask("\xff\xff\xff\xff" + std::string(4, '\0'));
  const auto add = [](const char* name, uint64_t number, bpfrig::v1::Value& value) {
    auto& field = *value.mutable_fields()->add_fields();
    field.set_name(name);
    field.mutable_value()->set_signed_integer(static_cast<int64_t>(number));
  };
  add("l_onoff", 1, *pattern.mutable_decoded());
  add("l_onoff", 1, *response.mutable_decoded());
  add("l_linger", 3, *response.mutable_decoded());
  response.set_length(8);
  // What it has less than its type counts as zero.
  response.set_raw(std::string("\1\0\0\0", 4));
  EXPECT_THAT(CompareOption(step, response), IsEmpty());
  response.mutable_decoded()->Clear();
  add("l_onoff", 0, *response.mutable_decoded());
  add("l_linger", 2, *response.mutable_decoded());
  response.set_raw(std::string(8, '\0'));
  const Differences differences = CompareOption(step, response);
  ASSERT_THAT(Fields(differences), ElementsAre("value.l_onoff", "value.l_linger"));
  EXPECT_EQ(ToString(differences[1].mark), "t.yaml:2:51");
  // Beside a refusal there is nothing to compare.
  response.set_errno_name("ENOPROTOOPT");
  EXPECT_THAT(Fields(CompareOption(step, response)), ElementsAre("errno"));
}

TEST(SocketOptionTest, NamesTheMembersNearOneThatTheTypeLacks) {
  for (const char* matcher : {"!at_least 3", "!not [!at_least 3]"}) {
    const plan::Step step = ReadOne(absl::StrCat(
        "getsockopt: {socket: c, level: 1, option: 13, type: vmlinux/linger}\nexpect: {value: {l_lingr: ",
        matcher, "}}\n"));
    bpfrig::v1::GetSocketOptionResponse response;
    response.add_patterns();
    auto& field = *response.mutable_decoded()->mutable_fields()->add_fields();
    field.set_name("l_linger");
    field.mutable_value()->set_signed_integer(1);
    const Differences differences = CompareOption(step, response);
    ASSERT_THAT(Fields(differences), ElementsAre("value.l_lingr")) << matcher;
    EXPECT_EQ(differences[0].actual, "there is no such member; there are l_linger");
  }
}

TEST(LoadTest, TellsWhyTheKernelRefused) {
  const plan::Step step = ReadOne("load: {object: obj}\n");
  bpfrig::v1::LoadProgramResponse response;
  response.mutable_rejected()->set_errno_name("EACCES");
  response.mutable_rejected()->set_log("line 1\nR1 invalid mem access\n");
  const Differences differences = CompareLoad(step.call, step.mark, response, "");
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_THAT(differences[0].actual, HasSubstr("R1 invalid mem access"));
}

TEST(LoadTest, ComparesTheExpectedRejection) {
  const plan::Step step =
      ReadOne("load: {object: obj}\nexpect: {rejected: {errno: EACCES, log_contains: invalid}}\n");
  const plan::Call& load = step.call;
  bpfrig::v1::LoadProgramResponse response;
  response.mutable_loaded();
  EXPECT_THAT(Fields(CompareLoad(load, step.mark, response, "")), ElementsAre("rejected"));
  response.mutable_rejected()->set_errno_name("EACCES");
  response.mutable_rejected()->set_log("invalid access");
  EXPECT_THAT(CompareLoad(load, step.mark, response, ""), IsEmpty());
  response.mutable_rejected()->set_errno_name("EINVAL");
  response.mutable_rejected()->set_log("");
  EXPECT_THAT(Fields(CompareLoad(load, step.mark, response, "")),
              ElementsAre("rejected.errno", "rejected.log_contains"));
}

TEST(LedgerTest, FindsProgramsThatNeverRan) {
  bpfrig::v1::CloseSandboxResponse ledger;
  const auto add = [&](const char* name, bool attached, uint64_t runs, bool counted) {
    auto* program = ledger.add_programs();
    program->set_program(name);
    program->set_attached(attached);
    program->set_run_count(runs);
    program->set_counted(counted);
  };
  add("o/ran", true, 1, true);
  add("o/idle", true, 0, true);
  add("o/loaded", false, 0, true);
  add("o/uncounted", true, 0, false);
  plan::Test test;
  EXPECT_THAT(Fields(CompareLedger(test, ledger)), ElementsAre("program o/idle"));
  test.may_not_run = {{"idle", {}}};
  EXPECT_THAT(CompareLedger(test, ledger), IsEmpty());
  test.may_not_run = {{"o/idle", {}}, {"dle", {}}};
  EXPECT_THAT(Fields(CompareLedger(test, ledger)), ElementsAre("may_not_run: dle"));
}

TEST(FormatTest, ShowsBothSidesFromShortlyBeforeTheDifference) {
  std::string expected(300, 'a');
  std::string actual = expected;
  actual[200] = 'b';
  const auto both = FormatBothBytes(expected, actual);
  EXPECT_THAT(both.second, HasSubstr("300 bytes, from byte 184: \"aaaaaaaaaaaaaaaab"));
  EXPECT_EQ(FormatBytes(std::string("\x00\xff", 2)), "2 bytes: 00 ff");
}

}  // namespace
}  // namespace bpfrig::client::verdict
