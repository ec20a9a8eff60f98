// Runs tests side by side on a number of threads. The run command calls it with all tests of all plans.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "client/plan/plan.h"
#include "client/run/test_runner.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::run {

// Calls `done` with each test's index and result, from the threads that ran them, and returns when all are
// done.
void RunTests(const std::vector<plan::Test>& tests, size_t threads, TestRunner& runner,
              const std::function<void(size_t, verdict::TestResult)>& done);

}  // namespace bpfrig::client::run
