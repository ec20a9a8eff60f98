// What a test came to. verdict/ and run/ fill it in, report/ prints it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/plan/yaml/problem.h"

namespace bpfrig::client::verdict {

// One thing that was expected and did not come.
struct Difference {
  // Where the plan expects it.
  plan::Mark mark;
  // As the plan calls it: "peer.address", "exactly[2].value.upstream_id".
  std::string field;
  std::string expected;
  std::string actual;
};
using Differences = std::vector<Difference>;

// One step (or the whole test) that went wrong.
struct Failure {
  plan::Mark mark;
  // "step 3, connect".
  std::string what;
  // Where no answer came at all: the call's error, one sentence, and what can be done about it.
  std::string error;
  std::string hint;
  Differences differences;
  // What else may tell why it went wrong: which programs ran. Empty if nothing is known.
  std::string note = {};
};

// What a step has to show, whether its test passes or not.
struct Note {
  plan::Mark mark;
  // "step 1, load".
  std::string what;
  std::string text;
};

// A step that was taken, and for how long it was: its call or calls, and what was waited for.
struct StepTime {
  plan::Mark mark;
  // "step 3, connect".
  std::string what;
  std::chrono::microseconds duration{0};
};

enum class Verdict { kPassed, kFailed, kSkipped, kRigError, kNotRun };

struct TestResult {
  Verdict verdict = Verdict::kNotRun;
  std::string plan;
  std::string name;
  plan::Mark mark;
  // The kernel that it ran on, if the run was on more than the daemon's own; otherwise empty.
  std::string kernel = {};
  std::chrono::microseconds duration{0};
  // Why it was skipped, or what happened to the rig.
  std::string reason;
  // Of the last try that failed, if one that passes failed before.
  std::vector<Failure> failures;
  std::vector<Note> notes = {};
  // Of the last try, in their order; what a control run did is not in it.
  std::vector<StepTime> steps = {};
  // Where the artifacts of its last try that failed are; empty: nowhere.
  std::string artifacts = {};
  // How often it was run until this came of it.
  unsigned tries = 1;
  // Control runs have shown that each of its programs matters to it.
  bool controlled = false;
  // It passes, also if a program that it should be about does nothing.
  bool vacuous = false;

  // It passed, but not at once.
  [[nodiscard]] bool IsFlaky() const { return verdict == Verdict::kPassed && tries > 1; }
  // It or the rig failed.
  [[nodiscard]] bool IsBad() const { return verdict == Verdict::kFailed || verdict == Verdict::kRigError; }
};

}  // namespace bpfrig::client::verdict
