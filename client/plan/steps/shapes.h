// The readers of steps that are more than their call: what a plan may write there beside the request's
// fields, and what follows from its expectations.
#pragma once

#include "absl/strings/string_view.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/message_reader.h"
#include "client/plan/steps/step.h"
#include "client/plan/steps/step_reader.h"

namespace bpfrig::client::plan {

// What the reader of one step gets. The call has its method, an empty request, `repeat` and `within`.
struct StepSource {
  const NodePtr& node;
  const NodePtr& expect_node;
  // The step's keys, and those of its `expect` (none if there is no `expect`).
  FieldReader& fields;
  FieldReader& expect;
  const Objects& objects;
  Problems& problems;
  Call& call;
  // Whether `repeat` and `within` are there, and where.
  NodePtr repeat;
  NodePtr within;
};

// The two halves that most steps consist of: the request by the fields' names, the expectations by the
// answer's. The caller reads the key of `left_out`.
void ReadRequest(StepSource& source);
void ReadExpected(StepSource& source, absl::string_view left_out = "");

using ReadShape = Shape (*)(StepSource& source);
// Null for a step that is nothing but its call.
[[nodiscard]] ReadShape FindShape(absl::string_view step);
// Whether what stands under the call's name is not a mapping of the request's fields: the shape reads it.
[[nodiscard]] bool HasOwnForm(absl::string_view step);

// By the file that has them.
[[nodiscard]] Shape ReadLoad(StepSource& source);
// A load's fields as its request has them: `programs: {except: [x]}` is programs_except, and `attach: all`
// attach_all. What is wrong with these is complained of, and left out.
[[nodiscard]] NodePtr WriteOutLoad(const NodePtr& load, Problems& problems);

[[nodiscard]] Shape ReadSeed(StepSource& source);
[[nodiscard]] Shape ReadDump(StepSource& source);
[[nodiscard]] Shape ReadEvents(StepSource& source);
[[nodiscard]] Shape ReadRun(StepSource& source);

[[nodiscard]] Shape ReadSet(StepSource& source);
[[nodiscard]] Shape ReadGlobals(StepSource& source);

[[nodiscard]] Shape ReadConnect(StepSource& source);
[[nodiscard]] Shape ReadSend(StepSource& source);
[[nodiscard]] Shape ReadReceive(StepSource& source);

[[nodiscard]] Shape ReadGetSocketOption(StepSource& source);

}  // namespace bpfrig::client::plan
