#include "client/verdict/shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/verdict/answer.h"
#include "client/verdict/testing/step_text.h"

namespace bpfrig::client::verdict {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

plan::Call ReadConnect(const std::string& repeat, const std::string& shares) {
  return ReadOne("connect: {to: {address: 10.0.0.1, port: 80}}\nrepeat: " + repeat + "\nexpect: {shares: {" +
                 shares + "}}\n")
      .call;
}

void AddServer(const std::string& name, int runs, ShareTally& tally) {
  bpfrig::v1::ConnectResponse response;
  response.set_server(name);
  for (int i = 0; i < runs; ++i) tally.Add(ValueOf(response));
}

TEST(ShareTallyTest, HoldsWithinItsBounds) {
  const plan::Call call = ReadConnect("200", "server: {a: !between [40%, 60%], b: 40%, none: !at_most 10%}");
  ShareTally tally(call);
  AddServer("a", 100, tally);
  AddServer("b", 80, tally);
  AddServer("", 20, tally);
  EXPECT_THAT(tally.Compare(""), IsEmpty());
}

TEST(ShareTallyTest, TellsWhatCameOfAShareThatDiffers) {
  const plan::Call call = ReadConnect("200", "server: {a: !between [40%, 60%], b: !between [0%, 99%]}");
  ShareTally tally(call);
  AddServer("a", 199, tally);
  AddServer("b", 1, tally);
  const Differences differences = tally.Compare("");
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].field, "shares.server.a");
  EXPECT_EQ(differences[0].expected, "!between [40%, 60%]");
  EXPECT_EQ(differences[0].actual, "199 of 200 (99.5 %)");
  EXPECT_EQ(plan::ToString({differences[0].mark, ""}), "t.yaml:3:28: ");
}

TEST(ShareTallyTest, RoundsBoundsToWhatTheySay) {
  // 2.4 and 3.6 of 12.
  const plan::Call call = ReadConnect("12", "server: {a: !between [20%, 30%], b: !not [!at_most 74.9%]}");
  ShareTally three(call);
  AddServer("a", 3, three);
  AddServer("b", 9, three);
  EXPECT_THAT(three.Compare(""), IsEmpty());
  ShareTally two(call);
  AddServer("a", 2, two);
  AddServer("b", 10, two);
  EXPECT_THAT(two.Compare(""), SizeIs(1));
  ShareTally four(call);
  AddServer("a", 4, four);
  AddServer("b", 8, four);
  EXPECT_THAT(four.Compare(""), SizeIs(2));
}

TEST(ShareTallyTest, LetsNothingComeThatIsNotNamed) {
  const plan::Call call = ReadConnect("100", "server: {a: !at_least 90}");
  ShareTally tally(call);
  AddServer("a", 92, tally);
  for (const char* other : {"b", "c", "d", "e", "f"}) AddServer(other, 1, tally);
  AddServer("", 3, tally);
  const Differences differences = tally.Compare("");
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].field, "shares.server");
  EXPECT_EQ(differences[0].expected, "nothing but a");
  EXPECT_EQ(differences[0].actual,
            "none: 3 of 100 (3.0 %), b: 1 of 100 (1.0 %), c: 1 of 100 (1.0 %), d: 1 of 100 (1.0 %), e: 1 of "
            "100 (1.0 %), and 1 more");
}

TEST(ShareTallyTest, CallsReturnsByTheirNames) {
  const plan::Call call =
      ReadOne(
          "run: {program: p, data: !hex 00}\nrepeat: 4\nexpect: {shares: {return: {XDP_PASS: 2, -1: 1, 7: "
          "!any_of [0, 1]}}}\n")
          .call;
  ShareTally tally(call);
  for (const uint32_t returned : {2U, 2U, UINT32_MAX, 1U}) {
    bpfrig::v1::RunProgramResponse response;
    response.set_return_value(returned);
    tally.Add(ValueOf(response));
  }
  const Differences differences = tally.Compare("xdp");
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].expected, "nothing but XDP_PASS, -1, 7");
  EXPECT_EQ(differences[0].actual, "1 (XDP_DROP): 1 of 4 (25.0 %)");
}

}  // namespace
}  // namespace bpfrig::client::verdict
