#include "client/check/test_check.h"

#include "bpfrig/v1/traffic.pb.h"
#include "client/check/step_check.h"
#include "client/plan/pattern.h"

namespace bpfrig::client::check {
namespace {

using plan::Pattern;
using plan::PatternKind;

// An expected errno that is there to say that there is none.
bool IsNone(const Pattern& pattern) {
  return pattern.kind == PatternKind::kEqual && pattern.value.text().empty();
}

bool MayFail(const plan::Step& step) {
  if (step.error || (step.refusal && !IsNone(*step.refusal))) return true;
  for (const char* failure : {"errno", "rejected", "refused"}) {
    const Pattern* part = plan::FindPart(step.call.expected, failure);
    if (part != nullptr && !IsNone(*part)) return true;
  }
  return false;
}

MakerLines FindMakers(const plan::Test& test) {
  MakerLines makers;
  for (const plan::Step& step : test.steps) {
    if (step.name != "listen" && step.name != "connect" && step.name != "socket") continue;
    if (plan::NodePtr name = step.node->IsMapping() ? plan::FindKey(*step.node, "name") : nullptr) {
      makers.try_emplace(name->text, step.mark.line);
    }
  }
  return makers;
}

void CheckStep(StepCheck& check, const Descriptions& descriptions) {
  CheckReferences(check);
  CheckLoad(check, descriptions);
  CheckPrograms(check);
  CheckMaps(check);
  CheckGlobals(check);
  MakeSockets(check);
}

}  // namespace

void CheckTest(const plan::Test& test, const Descriptions& descriptions, plan::Problems& problems) {
  SandboxModel model;
  const MakerLines makers = FindMakers(test);
  for (const plan::Step& step : test.steps) {
    // What a call is expected to refuse is wrong on purpose.
    plan::Problems on_purpose;
    StepCheck check{step, model, makers, step.error ? on_purpose : problems, MayFail(step)};
    CheckStep(check, descriptions);
  }
  for (const plan::Marked<std::string>& name : test.may_not_run) {
    const FoundProgram program = model.FindProgram(name.value);
    if (!program.problem.empty() && !program.is_ambiguous) problems.Add(name.mark, program.problem);
  }
}

}  // namespace bpfrig::client::check
