// A sandbox whose worker was ready before anybody asked for it, against one that was made when it was asked
// for: nothing that a program in it can see tells which it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/caller.h"
#include "tests/e2e/rig.h"
#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using ::testing::HasSubstr;

// What is seen, by where.
using View = std::map<std::string, std::string>;

// Numbers that differ from worker to worker: processes, users, inodes, sandboxes.
std::string WithoutNumbers(std::string text) {
  std::string result;
  for (const char c : text) {
    const bool is_digit = absl::ascii_isdigit(static_cast<unsigned char>(c));
    if (is_digit && !result.empty() && result.back() == '#') continue;
    result += is_digit ? '#' : c;
  }
  return result;
}

// Of /proc/PID/status, what is not a count of what it did so far.
void SeeStatus(pid_t pid, View& view) {
  const std::set<std::string> varying = {"Pid",
                                         "Tgid",
                                         "NSpid",
                                         "NStgid",
                                         "NSpgid",
                                         "NSsid",
                                         "PPid",
                                         "Uid",
                                         "Gid",
                                         "State",
                                         "Groups",
                                         "voluntary_ctxt_switches",
                                         "nonvoluntary_ctxt_switches"};
  for (const absl::string_view line :
       absl::StrSplit(ReadAll(absl::StrCat("/proc/", pid, "/status")), '\n', absl::SkipEmpty())) {
    const std::string name(line.substr(0, line.find(':')));
    const bool is_memory = absl::StartsWith(name, "Vm") || absl::StartsWith(name, "Rss");
    if (!is_memory && varying.count(name) == 0) view[absl::StrCat("status ", name)] = std::string(line);
  }
}

void SeeDescriptors(pid_t pid, View& view) {
  for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/fd"))) {
    view[absl::StrCat("descriptor ", entry.path().filename().string())] =
        WithoutNumbers(std::filesystem::read_symlink(entry.path()));
  }
}

void SeeNamespaces(pid_t pid, View& view) {
  for (const auto& entry : std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/ns"))) {
    const std::string name = entry.path().filename();
    const std::string link = std::filesystem::read_symlink(entry.path());
    view[absl::StrCat("namespace ", name)] = absl::StartsWith(name, "net") ? WithoutNumbers(link) : link;
  }
}

// Its network namespace: interfaces, addresses, routes, and every setting.
void SeeNetwork(pid_t pid, View& view) {
  const Outcome outcome = RunToEnd({"nsenter", absl::StrCat("--net=/proc/", pid, "/ns/net"), "sh", "-c",
                                    "cd /proc/self/net; grep -s '' fib_trie fib_triestat route if_inet6 "
                                    "ipv6_route dev_mcast igmp igmp6 arp "
                                    "netfilter ptype; grep -rs '' /proc/sys/net; true"});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  std::map<std::string, std::multiset<std::string>> lines;  // the kernel has some in no order
  for (const absl::string_view line : absl::StrSplit(outcome.output, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 1));
    lines[parts.first].insert(parts.second);
  }
  for (const auto& [file, texts] : lines) view[file] = absl::StrJoin(texts, "\n");
}

View ViewOf(pid_t worker) {
  View view;
  SeeStatus(worker, view);
  SeeDescriptors(worker, view);
  SeeNamespaces(worker, view);
  SeeNetwork(worker, view);
  const std::string process = absl::StrCat("/proc/", worker, "/");
  for (const char* file :
       {"limits", "environ", "mountinfo", "oom_score_adj", "personality", "coredump_filter"}) {
    view[file] = ReadAll(process + file);
  }
  view["cgroup"] = WithoutNumbers(ReadAll(process + "cgroup"));
  view["command line"] = WithoutNumbers(CommandLineOf(worker));
  return view;
}

TEST(SpareTest, ASandboxThatWasReadyLooksLikeOneThatWasNot) {
  const std::string request = R"(addresses: "10.96.0.1" addresses: "fd00::1" local_routes: "0.0.0.2/32")";
  const Daemon without;
  const OpenedSandbox fresh_sandbox(without, request);
  const Daemon with({"--spare-sandboxes", "1"});
  ASSERT_TRUE(WaitUntil(kPatience, [&] { return AskInfo(with).spare_sandboxes() == 1; }));
  const pid_t was_ready = with.Workers().at(0);
  const OpenedSandbox ready_sandbox(with, request);
  View fresh;
  View ready;
  // The opening's own descriptors are closed a moment after its answer.
  const bool are_same = WaitUntil(kPatience, [&] {
    fresh = ViewOf(without.Workers().at(0));
    ready = ViewOf(was_ready);
    return fresh == ready;
  });
  for (const auto& [where, seen] : fresh) EXPECT_EQ(ready[where], seen) << where;
  EXPECT_TRUE(are_same);
  EXPECT_THAT(fresh["fib_trie"], HasSubstr("10.96.0.1"));
  EXPECT_GT(fresh.size(), 400U);
}

TEST(SpareTest, WhatEndsWhenSandboxesWereReadyLeavesNothing) {
  const Daemon daemon({"--spare-sandboxes", "2"});
  ASSERT_TRUE(WaitUntil(kPatience, [&] { return AskInfo(daemon).spare_sandboxes() == 2; }));
  EXPECT_EQ(AskInfo(daemon).open_sandboxes(), 0U);
  {
    OpenedSandbox sandbox(daemon, "");
    v1::CloseSandboxResponse ledger;
    EXPECT_TRUE(sandbox.Close(ledger).ok());
  }
  // One was used, and another took its place: the workers are those of the spare ones alone.
  EXPECT_TRUE(WaitUntil(
      kPatience, [&] { return AskInfo(daemon).spare_sandboxes() == 2 && daemon.Workers().size() == 2; }));
}

}  // namespace
}  // namespace bpfrig::tests
