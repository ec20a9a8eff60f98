// What `bpfrig mutate --kernel` refuses before there is a guest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "client/command/commands.h"
#include "client/command/exit_code.h"
#include "client/testing/command_fixture.h"

namespace bpfrig::client::command {
namespace {

using testing::HasSubstr;

class MutateOnKernelTest : public CommandFixture {
 protected:
  // What is said of these options, and of a kernel that is not there otherwise.
  std::string Refused(const std::function<void(MutateOptions&)>& set) {
    MutateOptions options;
    options.plans.plans = {
        Write("plan.yaml", "name: p\ntests: [{name: t, steps: [{detach: {link: one}}]}]\n")};
    options.kernel = "6.1";
    set(options);
    const Outcome outcome = Captured([&] { return MutateOnKernel(options, {"mutate", "--kernel", "6.1"}); });
    EXPECT_EQ(outcome.code, kUsageError);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  }
};

TEST_F(MutateOnKernelTest, TakesOneKernelThatIsNotTheHosts) {
  EXPECT_EQ(Refused([](MutateOptions& options) { options.kernel = "5.10,6.1"; }),
            "bpfrig: mutate takes one kernel, not 5.10,6.1; call it once for each\n");
  EXPECT_EQ(Refused([](MutateOptions& options) { options.kernel = "host"; }),
            "bpfrig: mutate runs on the host's kernel without --kernel; leave it out\n");
  EXPECT_THAT(Refused([](MutateOptions&) {}), HasSubstr("kernel 6.1 was not fetched; there are none"));
}

TEST_F(MutateOnKernelTest, TakesNoTarget) {
  EXPECT_EQ(Refused([](MutateOptions& options) { options.daemon.target = "unix:/nowhere"; }),
            "bpfrig: --kernel and --target do not go together: each guest has its own daemon\n");
}

TEST_F(MutateOnKernelTest, FindsMistakesInFilesBeforeItLooksForAKernel) {
  const std::string wrong = Write("wrong.json", "{}");
  EXPECT_THAT(Refused([&](MutateOptions& options) { options.equivalents = wrong; }), HasSubstr(wrong));
  EXPECT_THAT(Refused([&](MutateOptions& options) { options.plans.plans = {wrong}; }),
              HasSubstr("wrong.json is not a plan"));
  EXPECT_THAT(Refused([](MutateOptions& options) { options.since = "no-such-commit"; }),
              HasSubstr("--since no-such-commit: "));
}

}  // namespace
}  // namespace bpfrig::client::command
