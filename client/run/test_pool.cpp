#include "client/run/test_pool.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

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
  std::atomic<size_t> next{0};
  std::atomic<bool> is_over{false};
  const auto work = [&] {
    for (size_t i = next.fetch_add(1); i < order.size(); i = next.fetch_add(1)) {
      const size_t index = order[i];
      if (is_over) {
        listener.done(index, NotRun(tests[index]));
        continue;
      }
      listener.started(index);
      TestResult result = RunWithRetries(tests[index], options.retries, runner);
      if (options.fail_fast && result.IsBad()) is_over = true;
      listener.done(index, std::move(result));
    }
  };
  std::vector<std::thread> workers;
  const size_t count = std::min(std::max<size_t>(options.threads, 1), order.size());
  for (size_t i = 0; i < count; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace bpfrig::client::run
