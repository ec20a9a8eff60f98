// Containers that each lack one thing: the doctor names it, and the daemon refuses in words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

#include "tests/containers/compose_file.h"
#include "tests/containers/docker.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

Outcome Doctor(const Arguments& options) {
  return Docker(Arguments{"run", "--rm"} + options + Arguments{"bpfrig", "doctor"});
}

TEST(Lacking, Nothing) {
  const Outcome outcome = Doctor(ComposeOptions());
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, Not(HasSubstr("FAIL")));
}

class LackingCapability : public ::testing::TestWithParam<std::string> {};

TEST_P(LackingCapability, IsNamed) {
  const Arguments options = ComposeOptions(GetParam());
  const Outcome doctor = Doctor(options);
  EXPECT_EQ(doctor.status, 1) << doctor.output;
  EXPECT_THAT(doctor.output, ContainsRegex("FAIL +[^\n]*CAP_" + GetParam()));
  // Nothing else is blamed.
  EXPECT_THAT(doctor.output, Not(HasSubstr("DAC_OVERRIDE")));
  for (const std::string& capability : ComposeCapabilities()) {
    if (capability != GetParam()) {
      EXPECT_THAT(doctor.output, Not(ContainsRegex("FAIL +CAP_" + capability + " ")));
    }
  }
  const Outcome daemon = Docker(Arguments{"run", "--rm"} + options + Arguments{"bpfrig"});
  EXPECT_EQ(daemon.status, 1) << daemon.output;
  EXPECT_THAT(daemon.output, HasSubstr(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Compose, LackingCapability, ::testing::ValuesIn(ComposeCapabilities()),
                         [](const auto& test) { return test.param; });

struct Seccomp {
  std::string name;
  std::string calls;  // as a JSON list
};
void PrintTo(const Seccomp& seccomp, std::ostream* out) { *out << seccomp.name; }

class LackingCalls : public ::testing::TestWithParam<Seccomp> {};

TEST_P(LackingCalls, SeccompIsBlamed) {
  const Folder folder("seccomp");
  folder.Write("profile.json", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": )" +
                                   GetParam().calls + R"(, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]})");
  const Arguments options =
      ComposeOptions() + Arguments{"--security-opt", "seccomp=" + folder.Path() + "/profile.json"};
  const Outcome outcome = Doctor(options);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("FAIL[^\n]*"));
  EXPECT_THAT(outcome.output, HasSubstr("seccomp"));
  const Outcome daemon = Docker(Arguments{"run", "--rm"} + options + Arguments{"bpfrig"});
  EXPECT_EQ(daemon.status, 1) << daemon.output;
  EXPECT_THAT(daemon.output, HasSubstr("Operation not permitted"));
  EXPECT_THAT(daemon.output, HasSubstr("bpfrigd doctor"));
}

INSTANTIATE_TEST_SUITE_P(Profile, LackingCalls,
                         ::testing::Values(Seccomp{"Bpf", R"(["bpf"])"},
                                           Seccomp{"Mount", R"(["fsopen", "fsmount", "mount"])"},
                                           Seccomp{"Namespaces", R"(["clone3", "unshare"])"}),
                         [](const auto& test) { return test.param.name; });

TEST(Lacking, BtfIsAWarning) {
  const Outcome outcome =
      Doctor(ComposeOptions() + Arguments{"--mount", "type=tmpfs,target=/sys/kernel/btf"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("warn[^\n]*BTF"));
}

TEST(Lacking, EverythingThatTheImageNeeds) {
  const Outcome daemon = Docker({"run", "--rm", "--network", "none", "bpfrig"});
  EXPECT_EQ(daemon.status, 1) << daemon.output;
  EXPECT_THAT(daemon.output, HasSubstr("CAP_SYS_ADMIN"));
  EXPECT_THAT(daemon.output, HasSubstr("cap_add"));
  EXPECT_THAT(daemon.output, HasSubstr("doctor"));
}

TEST(Lacking, Root) {
  const Outcome outcome = Doctor(ComposeOptions() + Arguments{"--user", "7443:7443"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("FAIL[^\n]*(root|user)"));
}

// Open doors are refused before anything is started.
TEST(Lacking, AuthenticationOnANetwork) {
  const Arguments run = Arguments{"run", "--rm"} + ComposeOptions();
  const Outcome open = Docker(run + Arguments{"bpfrig", "--listen-tcp", "0.0.0.0:7443"});
  EXPECT_EQ(open.status, 1) << open.output;
  EXPECT_THAT(open.output, HasSubstr("--tls-certificate"));
  const Outcome unencrypted =
      Docker(run + Arguments{"--env", "BPFRIGD_TOKEN=0f1e2d3c4b5a69788796a5b4c3d2e1f0", "bpfrig",
                             "--listen-tcp", "0.0.0.0:7443"});
  EXPECT_EQ(unencrypted.status, 1) << unencrypted.output;
  EXPECT_THAT(unencrypted.output, HasSubstr("--unencrypted-on-private-network"));
}

TEST(Lacking, APlaceForTheSocket) {
  const Outcome outcome = Docker(Arguments{"run", "--rm"} + ComposeOptions() +
                                 Arguments{"bpfrig", "--listen", "unix:/nowhere/x.sock"});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("/nowhere: No such file"));
}

}  // namespace
}  // namespace bpfrig::tests
