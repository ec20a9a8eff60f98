// `bpfrig run --kernel`, `bpfrig mutate --kernel` and `bpfrig kernels` as a user calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "client/guest/guest_runs.h"
#include "client/guest/kernel_cache.h"
#include "common/read_file.h"
#include "common/testing/temporary_directory.h"
#include "tests/support/subprocess.h"

namespace bpfrig::tests {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;
namespace guest = client::guest;

// A guest without KVM, on a machine that does other things too.
constexpr std::chrono::minutes kPatience{8};
constexpr const char* kKernel = "6.1";

class GuestTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    setenv("XDG_CACHE_HOME", BPFRIG_KERNEL_CACHE, 1);
    // What is there is used without a network.
    if (Bpfrig({"kernels", "list"}).output.find("\n6.1.") == std::string::npos &&
        Bpfrig({"kernels", "list"}).output.find("6.1.") != 0) {
      const Outcome fetched = Bpfrig({"kernels", "fetch", kKernel});
      ASSERT_EQ(fetched.status, 0) << fetched.output;
    }
  }

  static Outcome Bpfrig(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), BPFRIG_BIN "/bpfrig");
    return RunToEnd(arguments, kPatience);
  }
  static Outcome RunOn(const std::string& kernels, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"run", "--kernel", kernels, "-I", BPFRIG_BPF_OBJECTS});
    return Bpfrig(std::move(arguments));
  }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }

  const common::TemporaryDirectory directory_;
};

// A server that is not the one that the plan expects: it fails in the same words wherever it runs.
constexpr const char* kFailing = R"(name: wrong
tests:
  - name: expects another port
    steps:
      - listen: {name: here, at: {address: 127.0.0.1, port: 7000}}
      - connect: {to: {address: 127.0.0.1, port: 7000}}
        expect: {peer: {address: 127.0.0.1, port: 7001}, server: here}
)";

TEST_F(GuestTest, ShippedPlansPassOnAnOlderKernel) {
  const std::string report = directory_ / "report.json";
  const Outcome outcome =
      RunOn(kKernel, {"--control=never", "--report", "json=" + report, BPFRIG_SOURCE "/plans"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("\n6.1  [0-9]+ passed, 0 failed"));
  EXPECT_THAT(outcome.output, HasSubstr("(Linux 6.1."));
  const nlohmann::json json = nlohmann::json::parse(std::ifstream(report));
  EXPECT_THAT(json["tests"][0]["kernel"].get<std::string>(), testing::StartsWith("6.1."));
}

TEST_F(GuestTest, FailureComesThroughUnchangedAndIsComparedWithTheHost) {
  const std::string plan = Write("wrong.yaml", kFailing);
  const Outcome outcome = RunOn(std::string("host,") + kKernel, {plan});
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_THAT(outcome.output,
              HasSubstr("not passed on any kernel:\n  wrong / expects another port\n    host  FAIL\n"));
  const std::string where = plan + ":7:";
  const size_t on_host = outcome.output.find(where);
  ASSERT_NE(on_host, std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find(where, outcome.output.find("    6.1   FAIL")), std::string::npos)
      << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("actual:   7000"));
}

TEST_F(GuestTest, ShowsWhatDiffersBetweenKernels) {
  const std::string plan = Write("release.yaml", R"(name: release
tests:
  - name: needs a kernel of today
    requires: [tcx]
    steps:
      - listen: {name: here, at: {address: 127.0.0.1, port: 7000}}
)");
  const Outcome outcome = RunOn(std::string("host,") + kKernel, {plan});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("different on these kernels:\n  release / needs a kernel of today\n"
                                        "    host  PASS\n    6.1   SKIP  needs tcx"));
  EXPECT_THAT(outcome.output, HasSubstr("everything was skipped: nothing is known of this kernel"));
}

TEST_F(GuestTest, PlansHaveWhatTheyIncludeAndTheRunsOptions) {
  Write("shared.part",
        "vars: {port: 7000}\npieces:\n  here:\n    - listen: {name: here, at: {address: "
        "127.0.0.1, port: \"${port}\"}}\n");
  const std::string plan = Write("including.yaml", R"(name: including
include: shared.part
tests:
  - name: uses a piece
    tags: [wanted]
    steps:
      - use: here
      - connect: {to: {address: 127.0.0.1, port: "${port}"}}
        expect: {peer: {port: 7001}}
  - name: is left out
    steps: [{detach: {link: none}}]
)");
  const Outcome outcome =
      RunOn(kKernel, {"--tag", "wanted", "--var", "port=7001", "--shuffle", "--color", "never", plan});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("1 passed, 0 failed"));
  EXPECT_THAT(outcome.output, ContainsRegex("shuffled with --shuffle=[0-9]+\n"));
}

TEST_F(GuestTest, EndsAsARunDoesIfAllWasSkipped) {
  const std::string plan = Write("skipped.yaml", R"(name: skipped
tests:
  - name: needs a kernel of today
    requires: [tcx]
    steps: [{socket: {name: s}}]
)");
  const Outcome outcome = RunOn(kKernel, {plan});
  EXPECT_EQ(outcome.status, 4) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("every test was skipped, so nothing was tested"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("rig error")));
  EXPECT_EQ(RunOn(kKernel, {"--allow-all-skipped", plan}).status, 0);
}

TEST_F(GuestTest, WithoutIpv6OnlyWhatUsesItIsMissing) {
  const std::string plan = Write("families.yaml", R"(name: families
sandbox:
  addresses: [10.0.0.1, "fd00::1"]
  local_routes: ["fd00:1::/64"]
vars: {needs: []}
requires: "${needs}"
tests:
  - name: reaches a server (${family})
    each:
      - {family: IPv4, address: 10.0.0.1}
      - {family: IPv6, address: "fd00::1", needs: [ipv6]}
    steps:
      - listen: {name: here, at: {address: "${address}", port: 7000}}
      - connect: {to: {address: "${address}", port: 7000}}
        expect: {server: here}
  - name: does not say what it needs
    steps:
      - listen: {name: here, at: {address: "fd00::1", port: 7000}}
        expect: {errno: EAFNOSUPPORT}
)");
  const Outcome outcome = RunOn(kKernel, {"--kernel-append", "ipv6.disable=1", plan});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, ContainsRegex("\n6.1  2 passed, 0 failed, 1 skipped"));
  EXPECT_THAT(outcome.output, HasSubstr("needs ipv6: this kernel has no IPv6, or has it switched off"));
}

TEST_F(GuestTest, EachKernelLeavesItsArtifactsAndLogs) {
  const std::string plan = Write("traces.yaml", R"(name: traces
objects: {filter: sockets/filter.bpf.o}
tests:
  - name: expects another port
    steps:
      - load: {object: filter}
      - listen: {name: here, at: {address: 127.0.0.1, port: 7000}}
      - connect: {name: c, to: {address: 127.0.0.1, port: 7000}, send: !text hello}
        expect: {peer: {port: 7001}}
)");
  const fs::path out = directory_.path() / "out";
  const fs::path logs = directory_.path() / "logs";
  const std::string report = directory_ / "report.json";
  const std::vector<std::string> arguments = {"--artifacts",    out, "--log-dir=" + logs.string(), "--report",
                                              "json=" + report, plan};
  // The second run replaces what the first left.
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = RunOn(std::string("host,") + kKernel, arguments);
    EXPECT_EQ(outcome.status, 1) << outcome.output;
    for (const std::string& kernel : {std::string("host"), std::string(kKernel)}) {
      const fs::path folder = out / kernel / "traces/expects_another_port";
      EXPECT_THAT(outcome.output, HasSubstr("artifacts: " + folder.string() + "\n"));
      EXPECT_TRUE(fs::exists(folder / "index.json")) << outcome.output;
      const nlohmann::json index = nlohmann::json::parse(std::ifstream(folder / "index.json"));
      EXPECT_EQ(index["test"], "expects another port");
      EXPECT_GT(index["files"].size(), 0u);
      for (const nlohmann::json& file : index["files"]) {
        EXPECT_TRUE(fs::exists(folder / file["file"].get<std::string>())) << file;
      }
      EXPECT_TRUE(fs::exists(logs / kernel / "traces-expects_another_port-filter.log"));
    }
  }
  const nlohmann::json json = nlohmann::json::parse(std::ifstream(report));
  EXPECT_EQ(json["tests"][1]["artifacts"].get<std::string>(),
            (out / kKernel / "traces/expects_another_port").string());
}

constexpr const char* kPanics = "rdinit=/none root=/dev/none";

TEST_F(GuestTest, KernelThatPanicsIsARigError) {
  const std::string plan = Write("wrong.yaml", kFailing);
  const Outcome outcome = RunOn(kKernel, {"--kernel-append", kPanics, plan});
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("rig error: the kernel gave up: Kernel panic - not syncing"));
}

// A filter of which the plan sees nothing but that it lets wanted datagrams pass.
constexpr const char* kFiltered = R"(name: filtered
objects: {filter: sockets/filter.bpf.o}
tests:
  - name: lets wanted datagrams pass
    steps:
      - load: {object: filter}
      - listen: {name: server, at: {address: 127.0.0.1, port: 53}, transport: udp}
      - attach: {program: filter_udp, socket: server}
      - socket: {name: c, transport: udp}
      - send: {connection: c, to: {address: 127.0.0.1, port: 53}, data: !text wanted}
      - receive: {connection: server}
        expect: {data: !text wanted}
)";

// What came of each mutant, by its program, instruction and change.
std::map<std::string, std::string> OutcomesIn(const std::string& report) {
  std::map<std::string, std::string> outcomes;
  const nlohmann::json json = nlohmann::json::parse(std::ifstream(report), nullptr, false);
  if (json.is_discarded()) return outcomes;
  for (const nlohmann::json& mutant : json["mutants"]) {
    outcomes[mutant["program"].get<std::string>() + " " + mutant["instruction"].dump() + " " +
             mutant["what"].get<std::string>()] = mutant["outcome"].get<std::string>();
  }
  return outcomes;
}

TEST_F(GuestTest, MutantsMeetTheSameFateAsOnTheHost) {
  const std::string plan = Write("filtered.yaml", kFiltered);
  const std::string here = directory_ / "here.json";
  const std::string there = directory_ / "there.json";
  const std::string page = directory_ / "there.html";
  const auto mutate = [&](const std::string& json, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"mutate", "-I", BPFRIG_BPF_OBJECTS, "--program", "filter_udp",
                                         "--sample", "8", "--fail-under", "100", "--json", json});
    arguments.push_back(plan);
    return Bpfrig(std::move(arguments));
  };
  const Outcome on_host = mutate(here, {});
  EXPECT_EQ(on_host.status, 1) << on_host.output;
  const Outcome in_guest = mutate(there, {"--kernel", kKernel, "--html", page});
  EXPECT_EQ(in_guest.status, 1) << in_guest.output;
  EXPECT_EQ(in_guest.output, on_host.output);
  EXPECT_THAT(OutcomesIn(there), testing::SizeIs(8));
  EXPECT_EQ(OutcomesIn(there), OutcomesIn(here));
  std::string title;
  std::ifstream(page) >> title;
  EXPECT_THAT(title, HasSubstr("<!DOCTYPE"));
  // Files that it reads are there, too: there is nothing left to run, and nothing that has changed.
  const Outcome resumed = mutate(there, {"--kernel", kKernel, "--resume", there});
  EXPECT_EQ(resumed.status, 1) << resumed.output;
  EXPECT_THAT(resumed.output, HasSubstr("of 8 mutants, 8 were run before\n"));
}

TEST_F(GuestTest, OnlyLinesThatChangedHereAreMutatedThere) {
  const std::string plan = Write("filtered.yaml", kFiltered);
  const std::string report = directory_ / "report.json";
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", directory_.path().string(), "-c", "user.name=x", "-c",
                                 "user.email=x@example.org"});
    ASSERT_EQ(RunToEnd(words, kPatience).status, 0);
  };
  const std::string source = common::ReadFile(BPFRIG_SOURCE "/bpf/sockets/filter.bpf.c", 1 << 20).value();
  Write("filter.bpf.c", absl::StrReplaceAll(source, {{"first == wanted", "first != wanted"}}));
  git({"init", "-q"});
  git({"add", "filter.bpf.c"});
  git({"commit", "-q", "-m", "as it was"});
  Write("filter.bpf.c", source);
  const Outcome outcome =
      RunToEnd({"env", "-C", directory_.path().string(), BPFRIG_BIN "/bpfrig", "mutate", "--kernel", kKernel,
                "-I", BPFRIG_BPF_OBJECTS, "--since", "HEAD", "--json", report, plan},
               kPatience);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  const nlohmann::json json = nlohmann::json::parse(std::ifstream(report), nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << outcome.output;
  EXPECT_GT(json["mutants"].size(), 0u);
  for (const nlohmann::json& mutant : json["mutants"]) {
    EXPECT_THAT(mutant["text"].get<std::string>(), HasSubstr("first == wanted"));
  }
}

TEST_F(GuestTest, KernelThatPanicsEndsMutateAsTheRigsFailure) {
  const std::string plan = Write("filtered.yaml", kFiltered);
  const Outcome outcome =
      Bpfrig({"mutate", "--kernel", kKernel, "--kernel-append", kPanics, "-I", BPFRIG_BPF_OBJECTS, plan});
  EXPECT_EQ(outcome.status, 3) << outcome.output;
  EXPECT_THAT(outcome.output,
              HasSubstr("bpfrig: kernel 6.1: the kernel gave up: Kernel panic - not syncing"));
}

// A machine with cgroup2 alone and its controllers, as most have: here the daemon's own process runs in the
// root.
TEST_F(GuestTest, SandboxesAreHeldToMemoryAndProcesses) {
  const std::string bin = BPFRIG_BIN;
  const auto cache = guest::KernelCache::Open();
  ASSERT_TRUE(cache.ok()) << cache.status();
  const auto kernel = cache->Find(guest::ParseKernelSpecs(kKernel)->at(0));
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  const auto image = guest::BaseImage(
      {bin + "/bpfrig", bin + "/bpfrigd", bin + "/bpfrigd-front", bin + "/bpfrig-guest-init"},
      cache->images());
  ASSERT_TRUE(image.ok()) << image.status();
  guest::Outcome info;
  const absl::Status ran =
      guest::RunOnGuests({{*kernel, {{guest::kGuestClient, "info"}, {"PATH=/bin"}, "/", {}}}}, "tcg", *image,
                         {}, [&](size_t /*index*/, guest::Outcome outcome) { info = std::move(outcome); });
  ASSERT_TRUE(ran.ok()) << ran;
  EXPECT_EQ(info.exit_status, 0) << info.failure;
  EXPECT_THAT(info.output, ContainsRegex("each with at most [^\n]* of memory \\(memory.max\\)"));
  EXPECT_THAT(info.output, ContainsRegex("each with at most [0-9]+ processes \\(pids.max\\)"));
  EXPECT_THAT(info.output, Not(HasSubstr("not limited")));
}

TEST_F(GuestTest, WrongKernelsAreNamedBeforeAnythingRuns) {
  const std::string plan = Write("wrong.yaml", kFailing);
  const Outcome none = RunOn("2.6", {plan});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.output,
              ContainsRegex("^bpfrig: kernel 2.6 was not fetched; there (is|are) .*`bpfrig kernels "
                            "fetch 2.6` gets it through apt\n$"));
  const std::string text = Write("vmlinuz", "no kernel");
  EXPECT_EQ(RunOn(text, {plan}).output,
            "bpfrig: " + text + " is not a kernel for x86: a vmlinuz or bzImage was expected\n");
  EXPECT_EQ(RunOn("6.1,,host", {plan}).output, "bpfrig: a kernel's name is empty\n");
  EXPECT_EQ(RunOn(kKernel, {"--target", "unix:/nowhere", plan}).output,
            "bpfrig: --kernel and --target do not go together: each guest has its own daemon\n");
  EXPECT_THAT(RunOn(kKernel, {"--last-failed", plan}).output,
              HasSubstr("--kernel and --last-failed do not go together"));
  EXPECT_THAT(RunOn(kKernel, {"--artifacts", "/proc/none", plan}).output,
              HasSubstr("making the directory for artifacts /proc/none/6.1"));
  EXPECT_THAT(RunOn(kKernel, {"--kernel-memory", "1000000", plan}).output,
              HasSubstr("--kernel-memory MIB gives it less"));
}

}  // namespace
}  // namespace bpfrig::tests
