// Values and byte strings of a plan: plain scalars, lists, mappings and the tags that say what BTF cannot.
// The step readers call it; what comes out goes into the requests as it is.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Whether the tag writes a value.
[[nodiscard]] bool IsValueTag(absl::string_view tag);
// The complaint about a tag that is neither a value's nor a matcher's.
void UnknownTag(const Node& node, Problems& problems);

// A value to be encoded by a BTF type, which only the daemon knows.
[[nodiscard]] bpfrig::v1::Value ReadValue(const NodePtr& node, Problems& problems);

// Bytes, encoded here: !text, !hex, !ip, !be16, !be32, !be64, or !concat of these.
[[nodiscard]] std::string ReadBytes(const NodePtr& node, absl::string_view what, Problems& problems);

}  // namespace bpfrig::client::plan
