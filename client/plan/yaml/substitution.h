// `${name}`: rewrites a plan's nodes before anything in them is typed. The readers of plans and tests call it
// for each row of a test, and the runner once more if a step needs what another one captured.
#pragma once

#include <set>
#include <string>

#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// What names mean, the first that has one.
struct Scope {
  // Mappings; null if there is none.
  NodePtr row;
  NodePtr variables;
  // What earlier steps will have captured: `${name}` stays then.
  std::set<std::string> captured = {};
  // A mapping of names that have no value yet; null if there is none.
  NodePtr later = nullptr;
};

// The tree with every `${name}` replaced. A string that is nothing but `${name}` becomes the name's node as
// it is; it keeps a tag of its own. `<<:` adds another mapping's pairs. `is_left`: a captured name stays.
[[nodiscard]] NodePtr Substitute(const NodePtr& node, const Scope& scope, Problems& problems,
                                 bool* is_left = nullptr);

// A mapping with the pairs of `first`, and those of `second` whose keys it does not have. Both may be null.
[[nodiscard]] NodePtr Overlay(const NodePtr& first, const NodePtr& second);

}  // namespace bpfrig::client::plan
