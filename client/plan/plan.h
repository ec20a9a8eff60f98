// A plan as the runner takes it: its tests, each row of `each:` a test of its own, their steps ready to be
// sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "client/plan/steps/step.h"

namespace bpfrig::client::plan {

struct SandboxSettings {
  bpfrig::v1::OpenSandboxRequest request;
  // Where the request's addresses and routes stand.
  std::vector<Mark> addresses;
  std::vector<Mark> local_routes;
};

struct Test {
  std::string plan;
  std::string name;
  Mark mark;
  std::vector<std::string> tags;
  // The plan's and the test's own.
  std::vector<Marked<std::string>> required_features;
  std::vector<Marked<std::string>> may_not_run;
  // Programs that it needs not notice: it also holds if they do nothing.
  std::vector<Marked<std::string>> holds_without;
  SandboxSettings sandbox;
  // For all of it; zero: none of its own.
  std::chrono::milliseconds timeout{0};
  // The plan's, before and after the test's own. Those after are done in any case.
  std::vector<Step> setup;
  std::vector<Step> steps;
  std::vector<Step> teardown;
  // Of all that its outcome depends on in the plan, and of its objects.
  uint64_t fingerprint = 0;
  // Which time it is, and of how many: --count.
  unsigned repetition = 1;
  unsigned repetitions = 1;

  // The name as results show it, each repetition its own.
  [[nodiscard]] std::string ShownName() const {
    return repetitions == 1 ? name : absl::StrCat(name, " [", repetition, " of ", repetitions, "]");
  }
};

struct Plan {
  std::string name;
  std::vector<Test> tests;
  // The names of `vars:`.
  std::vector<std::string> variables;
};

// Values that take the place of those in `vars:`, by name; the command line's go before the environment's.
struct Variables {
  std::map<std::string, std::string> command_line;
  std::map<std::string, std::string> environment;
};

}  // namespace bpfrig::client::plan
