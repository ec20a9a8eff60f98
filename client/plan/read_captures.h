// Reads `capture:` of a step: names for parts of its answer, which later steps may use as `${name}`.
#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

#include "client/plan/node.h"
#include "client/plan/problem.h"
#include "client/plan/step.h"

namespace bpfrig::client::plan {

[[nodiscard]] std::vector<Capture> ReadCaptures(const NodePtr& node,
                                                const google::protobuf::Descriptor& answer,
                                                Problems& problems);

}  // namespace bpfrig::client::plan
