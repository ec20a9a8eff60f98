#include "client/verdict/test_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "client/verdict/testing/step_text.h"

namespace bpfrig::client::verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Differences CompareReturn(const std::string& expected, const std::string& type, uint32_t value) {
  const plan::Step step = ReadOne("run: {program: p}\nexpect: {return: " + expected + "}\n");
  bpfrig::v1::RunProgramResponse response;
  response.set_return_value(value);
  return CompareTestRun(step.call, std::get<plan::RunShape>(step.shape), step.mark, type, response);
}

TEST(TestRunTest, TakesTheNamesOfTheHeaders) {
  EXPECT_THAT(CompareReturn("XDP_PASS", "xdp", 2), IsEmpty());
  EXPECT_THAT(CompareReturn("TC_ACT_UNSPEC", "sched_cls", UINT32_MAX), IsEmpty());
  EXPECT_THAT(CompareReturn("-1", "sched_cls", UINT32_MAX), IsEmpty());
  EXPECT_THAT(CompareReturn("!any_of [SK_PASS, SK_DROP]", "sk_lookup", 0), IsEmpty());
  EXPECT_THAT(CompareReturn("XDP_PASS", "", 2), IsEmpty()) << "a program whose type is not known";
}

TEST(TestRunTest, SaysWhatCameByName) {
  const Differences differences = CompareReturn("XDP_PASS", "xdp", 1);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].expected, "XDP_PASS (2)");
  EXPECT_EQ(differences[0].actual, "1 (XDP_DROP)");
  EXPECT_EQ(CompareReturn("5", "cgroup_skb", UINT32_MAX)[0].actual, "4294967295 (-1)");
}

TEST(TestRunTest, ANameOfAnotherKindOfProgramProvesNothing) {
  const Differences differences = CompareReturn("XDP_PASS", "sched_cls", 2);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].actual,
            "2 (TC_ACT_SHOT) of a program of type sched_cls, which does not return XDP_PASS");
  EXPECT_THAT(CompareReturn("!not SK_PASS", "xdp", 2), SizeIs(1));
}

TEST(TestRunTest, ComparesTheFieldsOfTheContextThatAreNamed) {
  const plan::Step step =
      ReadOne("run: {program: p, context: {mark: 5}}\nexpect: {context: {mark: 7, priority: !at_least 2}}\n");
  const auto& request = plan::As<bpfrig::v1::RunProgramRequest>(*step.call.request);
  EXPECT_EQ(request.context_fields().fields().fields(0).name(), "mark");
  ASSERT_EQ(request.context_patterns_size(), 1);
  bpfrig::v1::RunProgramResponse response;
  const auto add = [](const std::string& name, uint64_t number, bpfrig::v1::Value& fields) {
    auto* field = fields.mutable_fields()->add_fields();
    field->set_name(name);
    field->mutable_value()->set_unsigned_integer(number);
  };
  response.set_context(std::string("\x09\x01", 2));
  add("mark", 9, *response.mutable_context_fields());
  add("priority", 1, *response.mutable_context_fields());
  bpfrig::v1::ResolvedValue& plain = *response.add_context_patterns();
  plain.set_bytes(std::string("\x07\0", 2));
  plain.set_mask(std::string("\xff\0", 2));
  add("mark", 7, *plain.mutable_decoded());
  const Differences differences =
      CompareTestRun(step.call, std::get<plan::RunShape>(step.shape), step.mark, "sched_cls", response);
  ASSERT_THAT(Fields(differences), ElementsAre("context.mark", "context.priority"));
  EXPECT_EQ(differences[0].actual, "9");
  EXPECT_EQ(ToString(differences[0].mark), "t.yaml:2:26");
}

TEST(TestRunTest, PathsOfTheRequestAreThoseOfThePlan) {
  const plan::Step step = ReadOne("run: {program: p, context: {mork: 5}}\nexpect: {context: {mark: 7}}\n");
  EXPECT_EQ(plan::WordsOfField(step, "context_fields.mork"), "context.mork");
  EXPECT_EQ(ToString(plan::MarkOfField(step, "context_fields.mork")), "t.yaml:1:35");
  EXPECT_EQ(ToString(plan::MarkOfField(step, "context_patterns[0].mark")), "t.yaml:2:26");
}

}  // namespace
}  // namespace bpfrig::client::verdict
