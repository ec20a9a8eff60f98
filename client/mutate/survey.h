// The runs before the mutants: every test must pass with the programs as they are. What each test loads, what
// that is made of, and in a second run which of it each test gets to, is learned on the way.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/mutate/mutants.h"
#include "client/plan/plan.h"
#include "client/run/test_runner.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::mutate {

// What loads of an object have loaded, by the part of the request that decides it.
class KnownLoads {
 public:
  struct Load {
    std::set<std::string> programs;
    // It was refused at least once: then a refusal says nothing about a mutant.
    bool is_refused = false;
  };

  void Add(const std::shared_ptr<const std::string>& object, const bpfrig::v1::LoadProgramRequest& request,
           const bpfrig::v1::LoadProgramResponse& response);
  // Null if there was no load like it.
  [[nodiscard]] const Load* Find(const std::shared_ptr<const std::string>& object,
                                 const bpfrig::v1::LoadProgramRequest& request) const;

 private:
  std::map<std::pair<const std::string*, std::string>, Load> loads_;
};

struct Survey {
  // By test.
  std::vector<verdict::TestResult> results;
  std::vector<Subject> subjects;
  KnownLoads loads;
  // What kept the daemon from listing instructions; empty: nothing.
  std::string error;

  // Whether every test passed, or was skipped, and the daemon answered.
  [[nodiscard]] bool IsGood() const;
};

// Runs all tests, so many at once; and once more those that passed, to see which instructions run in them. A
// test that does not pass while that is recorded counts as one of which it is not known.
[[nodiscard]] Survey RunSurvey(const std::vector<plan::Test>& tests, size_t threads,
                               std::chrono::milliseconds timeout, run::TestRunner& runner);

}  // namespace bpfrig::client::mutate
