#include "client/plan/node.h"

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::plan {
namespace {

// Request fields that a plan writes under another name.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 6> kRenamed = {{
    {"timeout_ms", "timeout"},
    {"wait_ms", "wait"},
    {"from", "connection"},
    {"at", "connection"},
    {"repeat", "repeat_in_kernel"},
    {"name", "object"},
}};

// One component of a path: a name or an index.
struct Component {
  absl::string_view name;
  size_t index = 0;
  bool is_index = false;
};

// Takes the first component off `path`; false where the path is empty or no path.
bool TakeComponent(absl::string_view& path, Component& component) {
  if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  if (path.empty()) return false;
  if (path.front() == '[') {
    const size_t end = path.find(']');
    if (end == absl::string_view::npos) return false;
    component.is_index = true;
    if (!absl::SimpleAtoi(path.substr(1, end - 1), &component.index)) return false;
    path.remove_prefix(end + 1);
    return true;
  }
  const size_t end = std::min(path.find_first_of(".["), path.size());
  component = {path.substr(0, end), 0, false};
  path.remove_prefix(end);
  return true;
}

NodePtr Step(const Node& node, const Component& component) {
  if (component.is_index) {
    if (node.IsSequence() && component.index < node.items.size()) return node.items[component.index];
    // A request's list of named fields (globals, a value's members) is a mapping in the plan.
    if (node.IsMapping() && component.index < node.pairs.size()) return node.pairs[component.index].value;
    return nullptr;
  }
  if (!node.IsMapping()) return nullptr;
  if (NodePtr found = FindKey(node, component.name)) return found;
  for (const auto& [field, key] : kRenamed) {
    if (component.name == field) return FindKey(node, key);
  }
  return nullptr;
}

}  // namespace

NodePtr FindKey(const Node& mapping, absl::string_view key) {
  for (const NodePair& pair : mapping.pairs) {
    if (pair.key->text == key) return pair.value;
  }
  return nullptr;
}

std::string Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kSequence:
      return node.tag.empty() ? "a list" : absl::StrCat("a list tagged ", node.tag);
    case Node::Kind::kMapping:
      return node.tag.empty() ? "a mapping" : absl::StrCat("a mapping tagged ", node.tag);
    case Node::Kind::kScalar:
      break;
  }
  std::string text = node.text.size() > 60 ? node.text.substr(0, 60) + "..." : node.text;
  if (!node.tag.empty()) return absl::StrCat(node.tag, " ", text);
  return node.quoted ? absl::StrCat("the quoted \"", text, "\"") : absl::StrCat("\"", text, "\"");
}

NodePtr WalkPath(const NodePtr& root, absl::string_view path) {
  NodePtr deepest = root;
  Component component;
  while (TakeComponent(path, component)) {
    if (NodePtr next = Step(*deepest, component)) {
      deepest = std::move(next);
    } else if (component.is_index || !deepest->IsMapping()) {
      break;
    }
    // A name that a mapping does not have may be a message around what the plan writes flat ("target",
    // "behaviour", "until"): the rest of the path is tried from here.
  }
  return deepest;
}

}  // namespace bpfrig::client::plan
