// Steps with a `${name}` that an earlier step captures: what can be known of them before the test runs, and
// how they are read once the name has a value.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client/plan/steps/step.h"
#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

struct Deferred {
  // The step as it stands, but for what was substituted already.
  NodePtr node;
  std::shared_ptr<const Objects> objects;
  // What earlier steps capture.
  std::set<std::string> names;
};

// Complains of what is wrong with the step whatever is captured.
[[nodiscard]] Step ReadDeferredStep(const NodePtr& node, const std::shared_ptr<const Objects>& objects,
                                    const std::set<std::string>& captured, Problems& problems);

// The step with values of every kind in the place of what is captured, one after the other, without
// complaints.
[[nodiscard]] std::vector<Step> ReadWithSamples(const Step& step);

// The step with what was captured, a mapping, in its place.
[[nodiscard]] Step ReadWithCaptured(const Step& step, const NodePtr& captured, Problems& problems);

}  // namespace bpfrig::client::plan
