// Runs tests side by side on a number of threads. The run command calls it with all tests of all plans.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "client/plan/plan.h"
#include "client/run/test_runner.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

struct PoolOptions {
  size_t threads = 1;
  // How often a test that fails is tried again.
  unsigned retries = 0;
  // Whether no further test is started once one has failed.
  bool fail_fast = false;
};

// Told from the threads that run the tests.
struct PoolListener {
  std::function<void(size_t index)> started;
  std::function<void(size_t index, verdict::TestResult)> done;
};

// Runs tests[i] for each i of `order`, and returns when all are done. Those that were never started are
// `kNotRun`.
void RunTests(const std::vector<plan::Test>& tests, const std::vector<size_t>& order,
              const PoolOptions& options, TestRunner& runner, const PoolListener& listener);

}  // namespace bpfrig::client::run
