#include "client/command/guest_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfrig::client::command {
namespace {

using ::testing::ElementsAre;

TEST(GuestArgumentsTest, DropsWhatConcernsThisEnd) {
  EXPECT_THAT(GuestArguments("/bin/bpfrig",
                             {"run", "--kernel", "6.1,host", "-I", "build/bpf", "--report", "junit=x.xml",
                              "--kernel-memory=2048", "--color", "always", "--control=always", "--test",
                              "dials", "--allow-all-skipped", "plans/"},
                             OptionsOf({"/job/report.json"})),
              ElementsAre("/bin/bpfrig", "run", "--report", "json=/job/report.json", "-I", "build/bpf",
                          "--control=always", "--test", "dials", "--allow-all-skipped", "plans/"));
}

TEST(GuestArgumentsTest, HasPlacesOfItsOwnToWriteTo) {
  EXPECT_THAT(GuestArguments("/bin/bpfrig", {"run", "--artifacts", "out", "--log-dir=logs", "plans/"},
                             OptionsOf({"/job/report.json", "out/6.1", "logs/6.1"})),
              ElementsAre("/bin/bpfrig", "run", "--report", "json=/job/report.json", "--artifacts=out/6.1",
                          "--log-dir=logs/6.1", "plans/"));
}

TEST(GuestArgumentsTest, LeavesGitAndReportsOfMutantsToThisEnd) {
  EXPECT_THAT(GuestArguments("/bin/bpfrig",
                             {"mutate", "--kernel=6.1", "--since", "main", "--json", "x.json",
                              "--html=x.html", "--resume", "x.json", "--sample", "5", "plans/"},
                             {"--json=/job/report.json", "--diff=/job/changes.diff"}),
              ElementsAre("/bin/bpfrig", "mutate", "--json=/job/report.json", "--diff=/job/changes.diff",
                          "--resume", "x.json", "--sample", "5", "plans/"));
}

}  // namespace
}  // namespace bpfrig::client::command
