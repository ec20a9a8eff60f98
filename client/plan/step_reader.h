// Reads one step: its call, and `expect`, `within` and `repeat` beside it. The table of calls is in the
// source; to add a call, add its struct to step.h, its reader to one of the read_*_steps.cpp, and a line to
// the table.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "client/plan/field_reader.h"
#include "client/plan/node.h"
#include "client/plan/problem.h"
#include "client/plan/step.h"

namespace bpfrig::client::plan {

// The plan's `objects:`, as the files' bytes.
using Objects = std::map<std::string, std::shared_ptr<const std::string>>;

[[nodiscard]] Step ReadStep(const NodePtr& node, const Objects& objects, Problems& problems);

// What the reader of one call gets.
struct StepSource {
  // The call's own keys, and those of its `expect` (none where there is no `expect`).
  FieldReader fields;
  FieldReader expect;
  const Objects& objects;
  Problems& problems;
  // The values of `within` and `repeat`, or null; a reader that knows them takes them.
  NodePtr within;
  NodePtr repeat;
};

// The readers of the calls, by the file that has them.
[[nodiscard]] StepCall ReadLoad(StepSource& source);
[[nodiscard]] StepCall ReadAttach(StepSource& source);
[[nodiscard]] StepCall ReadDetach(StepSource& source);
[[nodiscard]] StepCall ReadRun(StepSource& source);

[[nodiscard]] StepCall ReadSeed(StepSource& source);
[[nodiscard]] StepCall ReadDump(StepSource& source);
[[nodiscard]] StepCall ReadEvents(StepSource& source);

[[nodiscard]] StepCall ReadListen(StepSource& source);
[[nodiscard]] StepCall ReadConnect(StepSource& source);
[[nodiscard]] StepCall ReadSend(StepSource& source);
[[nodiscard]] StepCall ReadReceive(StepSource& source);
[[nodiscard]] StepCall ReadDisconnect(StepSource& source);

// Helpers of theirs: `repeat: n` and `within: 2s`, taken from the source.
[[nodiscard]] uint32_t TakeRepeat(StepSource& source);
[[nodiscard]] std::chrono::milliseconds TakeWithin(StepSource& source);
// An expectation read with one of scalars.h or values.h; nothing where the key is not there.
template <typename T, typename Read>
[[nodiscard]] Expectation<T> TakeExpectation(FieldReader& fields, absl::string_view key, Read read) {
  NodePtr node = fields.Find(key);
  if (node == nullptr) return std::nullopt;
  return Marked<T>{static_cast<T>(read(node)), node->mark};
}
// The same for bytes, text and booleans.
[[nodiscard]] Expectation<std::string> TakeBytes(StepSource& source, absl::string_view key);
[[nodiscard]] Expectation<bool> TakeBool(StepSource& source, absl::string_view key);
// An errno's name; "none" is the empty string.
[[nodiscard]] Expectation<std::string> TakeErrno(StepSource& source);

}  // namespace bpfrig::client::plan
