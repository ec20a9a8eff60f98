// Reads one mapping of a plan strictly: each key is asked for by name, and at the end every key that nobody
// asked for is a problem that names those that exist. All readers of plans and steps go through it.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/fields/keys.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

class FieldReader {
 public:
  // `what` is what a message calls the mapping: "a test", "connect". Complains if the node is not a
  // mapping or has a tag; then every key is missing, without further complaint.
  FieldReader(const NodePtr& node, absl::string_view what, Problems& problems);
  // One that has a table of its keys.
  FieldReader(const NodePtr& node, const KeyTable& table, Problems& problems);
  ~FieldReader();
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  // The value, or null if the key is not there. Ask for every key that may stand there, in any case.
  [[nodiscard]] NodePtr Find(absl::string_view key);
  // The same, and a problem if it is not there. The table says what would be right.
  [[nodiscard]] NodePtr Require(absl::string_view key);
  // A key that stands for what plans write in other words: no message names it.
  void Unlist(absl::string_view key) { unlisted_.emplace_back(key); }
  // A key that should be there is not; `sentence` says so. Said at the end, and only if the key was not just
  // mistyped.
  void Lacks(absl::string_view key, std::string sentence);
  // Complains now of every key that nobody asked for, and of what is missing. Returns the keys that were
  // meant.
  std::vector<std::string> Finish();

  [[nodiscard]] bool IsMapping() const { return valid_; }
  [[nodiscard]] const Mark& mark() const { return node_->mark; }

 private:
  // The keys that may stand here, as messages name them.
  [[nodiscard]] std::vector<std::string> Listed() const;

  NodePtr node_;
  std::string what_;
  KeyTable table_;
  Problems& problems_;
  bool valid_;
  std::vector<std::string> asked_;
  std::vector<std::string> unlisted_;
  struct Missing {
    std::string key;
    std::string sentence;
  };
  std::vector<Missing> missing_;
  bool finished_ = false;
};

}  // namespace bpfrig::client::plan
