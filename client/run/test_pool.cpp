#include "client/run/test_pool.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace bpfrig::client::run {

void RunTests(const std::vector<plan::Test>& tests, size_t threads, TestRunner& runner,
              const std::function<void(size_t, verdict::TestResult)>& done) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next.fetch_add(1); i < tests.size(); i = next.fetch_add(1)) done(i, runner.Run(tests[i]));
  };
  std::vector<std::thread> workers;
  const size_t count = std::min(std::max<size_t>(threads, 1), tests.size());
  for (size_t i = 0; i < count; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace bpfrig::client::run
