// A plan's YAML as a tree of our own: immutable, shared between threads, every node with its place in the
// file. yaml_reader.h makes it, substitution.h rewrites it, and the readers turn it into requests; the runner
// keeps the nodes to tell where a field stands that the daemon complained of.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Far beyond any plan; what aliases, or names that stand for others, could otherwise blow up without end.
inline constexpr size_t kMaxLevels = 64;
inline constexpr size_t kMaxNodes = 2'000'000;

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct NodePair {
  // A scalar; its text is not given to another key of the same mapping.
  NodePtr key;
  NodePtr value;
};

struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  // A null value's is that of its key.
  Mark mark;
  // "!ip", or empty.
  std::string tag;
  // A scalar's text, and whether it was quoted (or written as a block).
  std::string text;
  bool quoted = false;
  std::vector<NodePtr> items;
  std::vector<NodePair> pairs;
  // How deep the tree below goes, and how many nodes it has with every alias written out.
  size_t depth = 1;
  size_t weight = 1;

  [[nodiscard]] bool IsNull() const { return kind == Kind::kNull; }
  [[nodiscard]] bool IsScalar() const { return kind == Kind::kScalar; }
  [[nodiscard]] bool IsSequence() const { return kind == Kind::kSequence; }
  [[nodiscard]] bool IsMapping() const { return kind == Kind::kMapping; }
};

// The value of that key, or null.
[[nodiscard]] NodePtr FindKey(const Node& mapping, absl::string_view key);

// The same node without its tag, for readers that want none.
[[nodiscard]] NodePtr WithoutTag(const Node& node);

// What a message calls the node: "a list", "a mapping", `"text"`, "nothing".
[[nodiscard]] std::string Describe(const Node& node);

}  // namespace bpfrig::client::plan
