// In what a value differs from its pattern, field by field, in the plan's words and at the plan's lines.
#pragma once

#include <string>

#include "bpfrig/v1/value.pb.h"
#include "client/plan/fields/pattern.h"
#include "client/verdict/matcher.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// A value of an answer; `name` goes before each field's path. Not empty if Holds() says no.
[[nodiscard]] Differences Explain(const plan::Pattern& pattern, const bpfrig::v1::Value& actual,
                                  const std::string& name);

// A value that BTF types. `plain` is the encoding of the pattern's plain part; `decoded` is null if there is
// no type, and bytes are printed then.
struct TypedValue {
  const bpfrig::v1::Value* decoded;
  const std::string& memory;
};
struct TypedPattern {
  const plan::Pattern& pattern;
  const bpfrig::v1::ResolvedValue& plain;
  const std::vector<const bpfrig::v1::ResolvedValue*>& encodings;
};
[[nodiscard]] bool Holds(const TypedPattern& expected, const TypedValue& actual);
// Not empty if Holds() says no.
[[nodiscard]] Differences Explain(const TypedPattern& expected, const TypedValue& actual,
                                  const plan::NodePtr& node, const std::string& name);

}  // namespace bpfrig::client::verdict
