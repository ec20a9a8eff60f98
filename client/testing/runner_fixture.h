// For tests of the runner: a fake daemon, and plans of one test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/plan/plan_reader.h"
#include "client/run/test_runner.h"
#include "client/testing/fake_daemon.h"

namespace bpfrig::client::run {

// A plan of one test with these steps; `test` is more of the test's keys, and `plan` of the plan's.
inline plan::Test ReadTest(const std::string& steps, const std::string& test = "",
                           const std::string& plan = "") {
  plan::ObjectFiles files({std::string(BPFRIG_GOLDEN_DIR) + "/plans"});
  plan::Problems problems;
  const std::string text = "name: p\nobjects: {obj: some.bpf.o}\n" + plan + "tests:\n  - name: t\n" + test +
                           "    steps:\n" + steps;
  auto read = plan::ReadPlanText(text, "p.yaml", files, problems);
  for (const plan::Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  return read ? read->tests.at(0) : plan::Test();
}

class RunnerFixture : public testing::Test {
 protected:
  void SetUp() override {
    client_ = std::make_unique<daemon::DaemonClient>(daemon::Connection{daemon_.Start(), ""});
  }
  void TearDown() override { daemon_.Stop(); }

  verdict::TestResult Run(const plan::Test& test, RunnerOptions options = {}) {
    return TestRunner(*client_, FeaturesOf(daemon_.info), std::move(options)).Run(test);
  }
  // With control runs.
  verdict::TestResult Control(const plan::Test& test) {
    return Run(test, {{}, [](const plan::Test&) { return true; }});
  }

  void AddProgram(const std::string& name, uint64_t run_count, bool attached = true) {
    auto* program = daemon_.ledger.add_programs();
    program->set_program(name);
    program->set_attached(attached);
    program->set_counted(true);
    program->set_run_count(run_count);
  }

  daemon::FakeDaemon daemon_;
  std::unique_ptr<daemon::DaemonClient> client_;
};

}  // namespace bpfrig::client::run
