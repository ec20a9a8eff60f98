#include "client/run/test_pool.h"

#include <atomic>
#include <utility>

#include "client/run/side_by_side.h"

namespace bpfrig::client::run {
namespace {

using verdict::TestResult;
using verdict::Verdict;

bool MayPassAgain(const TestResult& result) { return result.verdict == Verdict::kFailed && !result.vacuous; }

TestResult RunWithRetries(const plan::Test& test, unsigned retries, TestRunner& runner) {
  TestResult result = runner.Run(test);
  while (result.tries <= retries && MayPassAgain(result)) {
    TestResult again = runner.Run(test);
    again.tries = result.tries + 1;
    again.duration += result.duration;
    if (again.verdict == Verdict::kPassed) {
      again.failures = std::move(result.failures);
      again.artifacts = std::move(result.artifacts);
    }
    result = std::move(again);
  }
  return result;
}

}  // namespace

void RunTests(const std::vector<plan::Test>& tests, const std::vector<size_t>& order,
              const PoolOptions& options, TestRunner& runner, const PoolListener& listener) {
  std::atomic<bool> is_over{false};
  SideBySide(options.threads, order.size(), [&](size_t i) {
    const size_t index = order[i];
    if (is_over) return listener.done(index, NotRun(tests[index]));
    listener.started(index);
    TestResult result = RunWithRetries(tests[index], options.retries, runner);
    if (options.fail_fast && result.IsBad()) is_over = true;
    listener.done(index, std::move(result));
  });
}

}  // namespace bpfrig::client::run
