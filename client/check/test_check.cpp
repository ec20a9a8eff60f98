#include "client/check/test_check.h"

#include <optional>
#include <utility>
#include <vector>

#include "bpfrig/v1/traffic.pb.h"
#include "client/check/step_check.h"
#include "client/plan/fields/pattern.h"
#include "client/plan/steps/deferred.h"

namespace bpfrig::client::check {
namespace {

using plan::Pattern;
using plan::PatternKind;

// An expected errno that is there to say that there is none.
bool IsNone(const Pattern& pattern) {
  return pattern.kind == PatternKind::kEqual && pattern.value.text().empty();
}

// What a call is expected to refuse is wrong on purpose; what is captured before is made up.
bool SaysNothingForSure(const plan::Step& step) { return step.error.has_value() || step.deferred != nullptr; }

bool MayFail(const plan::Step& step) {
  if (SaysNothingForSure(step) || (step.refusal && !IsNone(*step.refusal))) return true;
  for (const char* failure : {"errno", "rejected", "refused"}) {
    const Pattern* part = plan::FindPart(step.call.expected, failure);
    if (part != nullptr && !IsNone(*part)) return true;
  }
  return false;
}

MakerLines FindMakers(const std::vector<const plan::Step*>& steps) {
  MakerLines makers;
  for (const plan::Step* step : steps) {
    if (step->name != "listen" && step->name != "connect" && step->name != "socket") continue;
    if (plan::NodePtr name = step->node->IsMapping() ? plan::FindKey(*step->node, "name") : nullptr) {
      makers.try_emplace(name->text, step->mark.line);
    }
  }
  return makers;
}

void CheckStep(StepCheck& check, const Descriptions& descriptions) {
  // It is a step only with what is captured.
  if (check.step.call.request == nullptr) return;
  CheckReferences(check);
  CheckLoad(check, descriptions);
  CheckPrograms(check);
  CheckMaps(check);
  CheckGlobals(check);
  CheckOptions(check);
  MakeSockets(check);
}

// What is wrong with the step whatever value is captured.
void CheckDeferred(const plan::Step& step, const SandboxModel& model, const MakerLines& makers,
                   const Descriptions& descriptions, plan::Problems& problems) {
  std::optional<std::vector<plan::Problem>> common;
  for (const plan::Step& reading : plan::ReadWithSamples(step)) {
    SandboxModel copy = model;
    plan::Problems found;
    StepCheck check{reading, copy, makers, found, true};
    CheckStep(check, descriptions);
    common = common ? plan::InBoth(*std::move(common), found.Sorted()) : found.Sorted();
  }
  for (plan::Problem& problem : *common) problems.Add(problem.mark, std::move(problem.message));
}

}  // namespace

std::vector<const plan::Step*> StepsOf(const plan::Test& test) {
  std::vector<const plan::Step*> steps;
  for (const std::vector<plan::Step>* part : {&test.setup, &test.steps, &test.teardown}) {
    for (const plan::Step& step : *part) steps.push_back(&step);
  }
  return steps;
}

std::optional<LoadedAs> LoadOf(const plan::Step& step) {
  const auto* shape = std::get_if<plan::LoadShape>(&step.shape);
  if (shape == nullptr || shape->object == nullptr) return std::nullopt;
  LoadedAs loaded{shape->object.get(), {}};
  for (const auto& program : plan::As<bpfrig::v1::LoadProgramRequest>(*step.call.request).programs()) {
    if (!program.type().empty()) loaded.types[program.program()] = program.type();
  }
  return loaded;
}

void CheckTest(const plan::Test& test, const Descriptions& descriptions, plan::Problems& problems) {
  SandboxModel model;
  const std::vector<const plan::Step*> steps = StepsOf(test);
  const MakerLines makers = FindMakers(steps);
  for (const plan::Step* step : steps) {
    if (step->deferred != nullptr && !step->error)
      CheckDeferred(*step, model, makers, descriptions, problems);
    plan::Problems unsure;
    StepCheck check{*step, model, makers, SaysNothingForSure(*step) ? unsure : problems, MayFail(*step)};
    CheckStep(check, descriptions);
  }
  for (const auto* names : {&test.may_not_run, &test.holds_without}) {
    for (const plan::Marked<std::string>& name : *names) {
      const FoundProgram program = model.FindProgram(name.value);
      if (!program.problem.empty() && !program.is_ambiguous) problems.Add(name.mark, program.problem);
    }
  }
}

}  // namespace bpfrig::client::check
