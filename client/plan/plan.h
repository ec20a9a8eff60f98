// A plan as the runner takes it: its tests, each row of `each:` a test of its own, their steps ready to be
// sent.
#pragma once

#include <string>
#include <vector>

#include "bpfrig/v1/sandbox.pb.h"
#include "client/plan/step.h"

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
  // The plan's and the test's own.
  std::vector<Marked<std::string>> required_features;
  std::vector<Marked<std::string>> may_not_run;
  SandboxSettings sandbox;
  std::vector<Step> steps;
};

struct Plan {
  std::string name;
  std::vector<Test> tests;
};

}  // namespace bpfrig::client::plan
