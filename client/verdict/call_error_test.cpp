#include "client/verdict/call_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/yaml_reader.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::ErrorDetail;
using testing::IsEmpty;
using testing::SizeIs;

plan::Step Listen(const std::string& expect) {
  plan::Problems problems;
  const std::string text = "listen: {name: s, at: {address: 10.0.0.1, port: 80}}\nexpect: {" + expect + "}\n";
  plan::NodePtr node = plan::ReadYaml(text, std::make_shared<const std::string>("t.yaml"), problems);
  plan::Step step = plan::ReadStep(node, {}, problems);
  for (const plan::Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  return step;
}

ErrorDetail Error(bpfrig::v1::ErrorReason reason, const std::string& errno_name) {
  ErrorDetail detail;
  detail.set_reason(reason);
  detail.set_errno_name(errno_name);
  return detail;
}

TEST(CallErrorTest, TakesTheErrnoThatIsExpected) {
  const ErrorDetail refused = Error(bpfrig::v1::ERROR_REASON_KERNEL_REFUSED, "EADDRINUSE");
  for (const char* expect :
       {"errno: EADDRINUSE", "error: KERNEL_REFUSED, errno: EADDRINUSE", "errno: !any_of [EPERM, EADDRINUSE]",
        "error: KERNEL_REFUSED", "errno: !not none"}) {
    EXPECT_TRUE(MayFail(Listen(expect))) << expect;
    EXPECT_TRUE(MustFail(Listen(expect))) << expect;
    EXPECT_THAT(CompareCallError(Listen(expect), &refused), IsEmpty()) << expect;
  }
}

TEST(CallErrorTest, ShowsAnotherErrnoAtItsLine) {
  const ErrorDetail refused = Error(bpfrig::v1::ERROR_REASON_KERNEL_REFUSED, "EADDRNOTAVAIL");
  const Differences differences =
      CompareCallError(Listen("error: KERNEL_REFUSED, errno: !any_of [EPERM, EACCES]"), &refused);
  ASSERT_THAT(differences, SizeIs(1));
  EXPECT_EQ(differences[0].field, "errno");
  EXPECT_EQ(differences[0].expected, "!any_of [EPERM, EACCES]");
  EXPECT_EQ(differences[0].actual, "EADDRNOTAVAIL");
  EXPECT_EQ(ToString(differences[0].mark), "t.yaml:2:40");
}

TEST(CallErrorTest, WantsTheKernelToRefuse) {
  const ErrorDetail unknown = Error(bpfrig::v1::ERROR_REASON_DUPLICATE_NAME, "");
  for (const char* expect : {"errno: EPERM", "errno: !not EPERM"}) {
    const Differences differences = CompareCallError(Listen(expect), &unknown);
    ASSERT_THAT(differences, SizeIs(1)) << expect;
    EXPECT_EQ(differences[0].actual, "none: the kernel was not what refused, but DUPLICATE_NAME");
  }
  const ErrorDetail limit = Error(bpfrig::v1::ERROR_REASON_LIMIT_REACHED, "ENOSPC");
  EXPECT_THAT(CompareCallError(Listen("error: LIMIT_REACHED, errno: ENOSPC"), &limit), IsEmpty());
}

TEST(CallErrorTest, TellsThatTheCallSucceeded) {
  const Differences errno_only = CompareCallError(Listen("errno: EPERM"), nullptr);
  ASSERT_THAT(errno_only, SizeIs(1));
  EXPECT_EQ(errno_only[0].field, "errno");
  EXPECT_EQ(errno_only[0].actual, "none: the call succeeded");
  const Differences both = CompareCallError(Listen("error: KERNEL_REFUSED, errno: EPERM"), nullptr);
  ASSERT_THAT(both, SizeIs(1));
  EXPECT_EQ(both[0].field, "error");
}

TEST(CallErrorTest, CallsTheErrnoOfSuccessNone) {
  for (const char* expect : {"errno: none", "errno: !any_of [none, EPERM]", "errno: !not EPERM"}) {
    EXPECT_FALSE(MustFail(Listen(expect))) << expect;
    EXPECT_THAT(CompareCallError(Listen(expect), nullptr), IsEmpty()) << expect;
  }
  const ErrorDetail refused = Error(bpfrig::v1::ERROR_REASON_KERNEL_REFUSED, "EPERM");
  EXPECT_THAT(CompareCallError(Listen("errno: none"), &refused), SizeIs(1));
  EXPECT_THAT(CompareCallError(Listen("errno: !any_of [none, EPERM]"), &refused), IsEmpty());
}

TEST(CallErrorTest, ExpectsNothingUnlessTold) {
  const plan::Step step = Listen("at: {port: 80}");
  const ErrorDetail refused = Error(bpfrig::v1::ERROR_REASON_KERNEL_REFUSED, "EPERM");
  EXPECT_FALSE(MayFail(step));
  EXPECT_THAT(CompareCallError(step, &refused), IsEmpty());
  EXPECT_THAT(CompareCallError(step, nullptr), IsEmpty());
}

TEST(CallErrorTest, SaysOnceThatTheKernelRefusedAnObject) {
  plan::Problems problems;
  const plan::NodePtr node = plan::ReadYaml("load: {object: o}\nexpect: {errno: EPERM}\n",
                                            std::make_shared<const std::string>("t.yaml"), problems);
  const plan::Step load =
      plan::ReadStep(node, {{"o", std::make_shared<const std::string>("bytes")}}, problems);
  const Differences rejection = {{load.mark, "load", "the kernel takes the object", "rejected with EACCES"}};
  const Differences joined = JoinDifferences(load, CompareCallError(load, nullptr), rejection);
  ASSERT_THAT(joined, SizeIs(1));
  EXPECT_EQ(joined[0].field, "errno");
  EXPECT_EQ(joined[0].expected, "EPERM");
  EXPECT_EQ(
      joined[0].actual,
      "none: what the kernel says of an object is expected as `rejected: {errno: ...}`; it was rejected "
      "with EACCES");
  // Of other calls both are kept.
  EXPECT_THAT(JoinDifferences(Listen("errno: EPERM"), rejection, rejection), SizeIs(2));
}

}  // namespace
}  // namespace bpfrig::client::verdict
