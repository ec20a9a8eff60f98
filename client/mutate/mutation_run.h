// Lets the tests meet the mutants, many at once in sandboxes of one daemon.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "client/mutate/mutants.h"
#include "client/mutate/survey.h"
#include "client/plan/plan.h"
#include "client/run/test_runner.h"

namespace bpfrig::client::mutate {

struct MutationOptions {
  // Mutants at once.
  size_t threads = 1;
  // How long a test may take with a mutant; zero: ten times as long as without, and a second at least.
  std::chrono::milliseconds timeout{0};
  // Whether a mutant that was noticed meets the other tests, too.
  bool runs_every_test = false;
  // From any thread, whenever one is done.
  std::function<void(const Mutant&)> done;
};

// Runs the record's mutants, except those of which the outcome is known, and fills in what came of each. What
// broke the rig, and so ended the run; empty if nothing did. An interrupted run leaves mutants that were not
// run.
[[nodiscard]] std::string RunMutants(const std::vector<plan::Test>& tests, const Survey& survey,
                                     const MutationOptions& options, run::TestRunner& runner, Record& record);

}  // namespace bpfrig::client::mutate
