// One expected value against memory: by bytes under the mask that the daemon encoded, and, for the report,
// field by field.
#pragma once

#include <string>

#include "bpfrig/v1/value.pb.h"
#include "client/plan/node.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// Whether the memory has what the pattern says. A pattern without bytes matches any; memory may be longer.
[[nodiscard]] bool Matches(const bpfrig::v1::ResolvedValue& pattern, const std::string& memory);

// An expected value in all of its forms.
struct ExpectedValue {
  // As the plan wrote it: it says which fields were named.
  const bpfrig::v1::Value& written;
  const bpfrig::v1::ResolvedValue& resolved;
  const plan::NodePtr& node;
};

// The fields in which they differ, `name` before each field's path. `decoded` is null where there is no type;
// then bytes are printed. Not empty where Matches() says no.
[[nodiscard]] Differences CompareFields(const ExpectedValue& expected, const bpfrig::v1::Value* decoded,
                                        const std::string& memory, const std::string& name);

}  // namespace bpfrig::client::verdict
