// What a run remembers of the runs before it, in the user's cache folder: which tests failed when they ran
// last, and which were found good by their control runs, by the content of plan and objects.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "client/command/user_cache.h"
#include "client/plan/plan.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::command {

class RunMemory {
 public:
  explicit RunMemory(UserCache cache);

  [[nodiscard]] bool FailedLast(const plan::Test& test) const;
  [[nodiscard]] bool IsControlled(const plan::Test& test) const;
  // Takes in what came of tests; what did not run is remembered as before.
  void Note(const std::vector<plan::Test>& tests, const std::vector<verdict::TestResult>& results);

 private:
  UserCache cache_;
  std::set<std::string> failed_;
  // Newest last, because the oldest are forgotten.
  std::vector<std::string> controlled_;
  std::set<std::string> is_controlled_;
};

}  // namespace bpfrig::client::command
