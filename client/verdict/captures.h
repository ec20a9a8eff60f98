// What a step captures of its answer, as later steps have it for `${name}`.
#pragma once

#include <string>

#include "bpfrig/v1/value.pb.h"
#include "client/plan/steps/step.h"
#include "client/plan/yaml/node.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// A value as a plan would write it.
[[nodiscard]] plan::NodePtr AsNode(const bpfrig::v1::Value& value, const plan::Mark& mark);

// Of a step whose answer has bytes and what their type makes of them: the second in the place of the first.
void SetMember(const std::string& name, const bpfrig::v1::Value& value, bpfrig::v1::Value& answer);

// Adds to `captured`, a mapping or null. Not empty if the answer lacks something: says what there is.
[[nodiscard]] Differences Capture(const plan::Step& step, const bpfrig::v1::Value& answer,
                                  plan::NodePtr& captured);

}  // namespace bpfrig::client::verdict
