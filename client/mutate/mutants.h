// All that `bpfrig mutate` knows of what it mutates and what came of it. The survey and the run fill it in,
// the reports print it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/mutate/mutators.h"
#include "client/mutate/program.h"

namespace bpfrig::client::mutate {

// A program of an object that tests load.
struct Subject {
  std::shared_ptr<const std::string> object;
  // As the first of the tests calls it.
  std::string object_name;
  Program program;
  // The tests that load it, by their numbers, in order.
  std::vector<size_t> tests;
  // Of a test, which instructions may have run in it; of tests that are not in it, that is not known.
  std::map<size_t, std::vector<bool>> may_have_run = {};

  // Whether a test gets to the instruction, or it is not known.
  [[nodiscard]] bool MayReach(size_t test, uint32_t instruction) const;
  [[nodiscard]] std::string FullName() const { return object_name + "/" + program.name(); }
};

enum class Outcome {
  // The run ended before.
  kNotRun,
  // The kernel refused it.
  kInvalid,
  // A test failed.
  kNoticed,
  // All tests that get to it passed.
  kSurvived,
  // It survived, and somebody says why it is the same program in effect.
  kEquivalent,
};

struct Mutant {
  // Its number among the subjects.
  size_t subject = 0;
  Mutation mutation;
  Outcome outcome = Outcome::kNotRun;
  // Tests that failed, by their numbers; one at most, unless every test was to run.
  std::vector<size_t> noticed_by = {};
  // Tests that passed with it, of those that get to it.
  std::vector<size_t> passed = {};
  // No test gets to it, so that none can notice it.
  bool is_unreached = false;
  // The test that noticed it did so because its time was over, or the program did not end.
  bool is_hang = false;
  // Why it is the same program in effect, of kEquivalent.
  std::string reason = {};
};

struct Counts {
  size_t mutants = 0;
  size_t noticed = 0;
  size_t survived = 0;
  // Of those that survived.
  size_t unreached = 0;
  size_t equivalent = 0;
  size_t invalid = 0;
  size_t not_run = 0;

  void Add(const Mutant& mutant);
  // Whether there is anything to have a score of.
  [[nodiscard]] bool HasScore() const { return noticed + survived > 0; }
  // In percent: how many of those that tests could notice they did; 100 if there was none.
  [[nodiscard]] double Score() const;
};

struct Record {
  std::vector<Subject> subjects;
  // By subject and instruction.
  std::vector<Mutant> mutants;
  // Of all tests, "plan / test".
  std::vector<std::string> tests;
  // Of each test, in hexadecimal: it changes with whatever its outcome depends on in plan and objects.
  std::vector<std::string> fingerprints;
  // How many there were to choose from, and the choice's seed; 0: all were taken.
  size_t mutants_in_all = 0;
  uint64_t seed = 0;
  // Whether each mutant met every test, so that tests can be compared.
  bool has_every_test = false;
  std::chrono::microseconds duration{0};

  [[nodiscard]] Counts CountAll() const;
  [[nodiscard]] const Place& PlaceOf(const Mutant& mutant) const {
    return subjects[mutant.subject].program.PlaceOf(mutant.mutation.instruction);
  }
};

// Tests, by number, that noticed no mutant that another one did not notice too. Only of a record that has
// every test.
[[nodiscard]] std::vector<size_t> TestsThatAddNothing(const Record& record);

}  // namespace bpfrig::client::mutate
