// Reads one mapping of a plan strictly: each key is asked for by name, and at the end every key that nobody
// asked for is a problem that names those that exist. All readers of plans and steps go through it.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/node.h"
#include "client/plan/problem.h"

namespace bpfrig::client::plan {

class FieldReader {
 public:
  // `what` is what a message calls the mapping: "a test", "connect". Complains where the node is no mapping
  // or has a tag; then every key is missing, without further complaint.
  FieldReader(const NodePtr& node, absl::string_view what, Problems& problems);
  ~FieldReader();
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  // The value, or null where the key is not there. Ask for every key that may stand there, in any case.
  [[nodiscard]] NodePtr Find(absl::string_view key);
  // The same, and a problem where it is not there. `example` shows what would be right.
  [[nodiscard]] NodePtr Require(absl::string_view key, absl::string_view example);

  [[nodiscard]] bool IsMapping() const { return valid_; }
  [[nodiscard]] const Mark& mark() const { return node_->mark; }

 private:
  NodePtr node_;
  std::string what_;
  Problems& problems_;
  bool valid_;
  std::vector<std::string> asked_;
};

}  // namespace bpfrig::client::plan
