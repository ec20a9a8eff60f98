// compose.yaml, used as its first lines say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <sstream>

#include "tests/containers/compose_file.h"
#include "tests/containers/compose_project.h"
#include "tests/containers/docker.h"
#include "tests/support/documents.h"

namespace bpfrig::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

// The group of the image, which may call.
constexpr char kGroup[] = "7443";

class ComposeTest : public ::testing::Test {
 protected:
  // Outlives the containers that it is mounted into.
  const Folder folder_{"compose"};
  ComposeProject project_;
};

TEST_F(ComposeTest, RunsTheShippedPlansFromTheClientsContainer) {
  project_.Up();
  const Outcome outcome = project_.Compose({"run", "--rm", "client", "run", "--control=never", "plans/"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(" passed, 0 failed"));
}

TEST_F(ComposeTest, RunsTheUsersOwnFolder) {
  project_.Up();
  const std::string plan = R"(name: mine
objects: {cgroup_sock: cgroup_sock.bpf.o}
tests:
  - name: an address that nobody manages is dialled as it is
    holds_without: [cgroup_connect4_prog]
    steps:
      - load: {object: cgroup_sock, attach: [{program: cgroup_connect4_prog}]}
      - listen: {name: s, at: {address: 127.0.0.1, port: 8080}}
      - connect: {to: {address: 127.0.0.1, port: 8080}}
        expect: {server: )";
  folder_.Write("good.yaml", plan + "s}\n");
  const Arguments run = {"run", "--rm", "--volume", folder_.Path() + ":/mine:ro", "client", "run", "/mine"};
  const Outcome passed = project_.Compose(run);
  EXPECT_EQ(passed.status, 0) << passed.output;
  EXPECT_THAT(passed.output, HasSubstr("1 passed, 0 failed"));
  // The exit status is passed on too.
  folder_.Write("bad.yaml", plan + "s, errno: ECONNREFUSED}\n");
  const Outcome failed = project_.Compose(run);
  EXPECT_NE(failed.status, 0) << failed.output;
}

TEST_F(ComposeTest, RunsFromTheHostOverOneOfItsFolders) {
  project_.SetEnvironment({"BPFRIG_SOCKET_DIR=" + folder_.Path()});
  project_.Up();
  const std::string target = "unix:" + folder_.Path() + "/bpfrig.sock";
  const std::string plans = BPFRIG_SOURCE "/plans";
  const std::string client = BPFRIG_BIN "/bpfrig";
  const Arguments run = {client, "run", "--control=never",  "--target",
                         target, "-I",  BPFRIG_BPF_OBJECTS, plans};
  const Outcome outcome = RunToEnd(run);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(" passed, 0 failed"));
}

// Other users may not be able to read the files of a checkout, so these calls come from a container.
TEST_F(ComposeTest, IsForItsGroupAlone) {
  project_.Up();
  const Arguments run = {"run", "--rm"};
  const Arguments health = {"client", "health"};
  const Outcome member = project_.Compose(run + Arguments{"--user", std::string("12345:") + kGroup} + health);
  EXPECT_EQ(member.status, 0) << member.output;
  const Outcome stranger = project_.Compose(run + Arguments{"--user", "12345:12345"} + health);
  EXPECT_EQ(stranger.status, 3) << stranger.output;
}

TEST_F(ComposeTest, GivesTheDaemonItsCapabilitiesAndNoMore) {
  project_.Up();
  const YAML::Node container = YAML::Load(Docker({"inspect", project_.ContainerId()}).output)[0];
  const YAML::Node host = container["HostConfig"];
  EXPECT_THAT(host["CapAdd"].as<Arguments>(), UnorderedElementsAreArray(ComposeCapabilities()));
  EXPECT_THAT(host["CapDrop"].as<Arguments>(), ElementsAre("ALL"));
  EXPECT_EQ(host["Privileged"].as<bool>(), false);
  EXPECT_EQ(host["ReadonlyRootfs"].as<bool>(), true);
  EXPECT_EQ(host["NetworkMode"].as<std::string>(), "none");
  EXPECT_GT(host["Memory"].as<int64_t>(), 0);
  // Docker's own seccomp profile: none was named.
  EXPECT_THAT(host["SecurityOpt"].as<Arguments>(),
              UnorderedElementsAreArray(Arguments{"no-new-privileges", "apparmor=unconfined"}));
  EXPECT_FALSE(host["PortBindings"].size() > 0);
  EXPECT_EQ(host["Devices"].size(), 0U);
}

// The capability sets of a process in the container, by its name: CapInh, CapPrm, CapEff and CapAmb of
// /proc/PID/status.
std::vector<std::string> CapabilitySets(const std::string& status, const std::string& name) {
  std::vector<std::string> sets;
  bool wanted = false;
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find(':'));
    const std::string value = line.substr(std::min(line.size(), key.size() + 2));
    if (key == "Name") wanted = value == name;
    const bool is_set = key == "CapInh" || key == "CapPrm" || key == "CapEff" || key == "CapAmb";
    if (wanted && is_set) sets.push_back(value);
  }
  return sets;
}

TEST_F(ComposeTest, TheFrontInsideHasNoCapability) {
  project_.Up();
  const std::string status = project_.Inside("cat /proc/[0-9]*/status");
  const std::vector<std::string> none(4, "0000000000000000");
  EXPECT_EQ(CapabilitySets(status, "bpfrigd-front"), none) << status;
  const std::vector<std::string> supervisor = CapabilitySets(status, "bpfrigd");
  ASSERT_EQ(supervisor.size(), 4U) << status;
  EXPECT_EQ(__builtin_popcountll(std::stoull(supervisor[2], nullptr, 16)), ComposeCapabilities().size());
}

TEST_F(ComposeTest, NextDaemonRemovesWhatAKilledOneLeft) {
  project_.Up();
  ASSERT_EQ(project_.Compose({"kill", "bpfrigd"}).status, 0);
  project_.Up();
  EXPECT_EQ(project_.Compose({"run", "--rm", "client", "health"}).status, 0);
}

TEST_F(ComposeTest, ASecondDaemonOnTheSocketIsRefused) {
  project_.Up();
  const Outcome second = Docker(Arguments{"run", "--rm", "--volumes-from", project_.ContainerId()} +
                                ComposeOptions() + Arguments{"bpfrig"});
  EXPECT_EQ(second.status, 1) << second.output;
  EXPECT_THAT(second.output, HasSubstr("/run/bpfrig/bpfrig.sock"));
}

// As docs/remote.md says, except for the network: the test's has no way out, and no port of the machine is
// opened.
TEST_F(ComposeTest, IsCalledOverTheNetworkWithItsRemoteFile) {
  const Outcome made = RunToEnd(
      {"env", "--chdir=" + folder_.Path(), "sh", "-ec", FirstBlockOf(BPFRIG_SOURCE "/docs/remote.md", "sh")});
  ASSERT_EQ(made.status, 0) << made.output;
  folder_.Write("internal.yaml",
                "networks: {default: {internal: true}}\nservices: {bpfrigd: {ports: !override []}}\n");
  const std::string certificates = folder_.Path() + "/certs";
  project_.SetEnvironment({"BPFRIG_CERTS=" + certificates});
  project_.SetFiles({BPFRIG_SOURCE "/compose.yaml", BPFRIG_SOURCE "/docker/compose.remote.yaml",
                     folder_.Path() + "/internal.yaml"});
  project_.Up();
  const auto run = [&](const std::string& certificate) {
    return Docker({"run",
                   "--rm",
                   "--network",
                   project_.name() + "_default",
                   "--user",
                   "0:0",
                   "--volume",
                   certificates + ":/certs:ro",
                   "bpfrig-client",
                   "run",
                   "--target",
                   "bpfrigd:7443",
                   "--tls-server-name",
                   "rig.example.org",
                   "--tls-ca",
                   "/certs/ca.pem",
                   "--tls-certificate",
                   "/certs/" + certificate + ".pem",
                   "--tls-key",
                   "/certs/" + certificate + ".key",
                   "plans/"});
  };
  const Outcome listed = run("client");
  EXPECT_EQ(listed.status, 0) << listed.output;
  EXPECT_THAT(listed.output, HasSubstr(" passed, 0 failed"));
  // The server's own certificate is from the same CA, but not on the list.
  const Outcome stranger = run("server");
  EXPECT_EQ(stranger.status, 3) << stranger.output;
}

TEST_F(ComposeTest, ThePrivilegedFileResetsWhatItReplaces) {
  project_.SetFiles({BPFRIG_SOURCE "/compose.yaml", BPFRIG_SOURCE "/docker/compose.privileged.yaml"});
  const Outcome outcome = project_.Compose({"config"});
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  const YAML::Node daemon = YAML::Load(outcome.output)["services"]["bpfrigd"];
  EXPECT_EQ(daemon["privileged"].as<bool>(), true);
  EXPECT_FALSE(daemon["cap_add"] && daemon["cap_add"].size() > 0);
  EXPECT_EQ(daemon["network_mode"].as<std::string>(), "none");
}

}  // namespace
}  // namespace bpfrig::tests
