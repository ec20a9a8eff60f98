#include "client/plan/fields/field_path.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// One component of a path: a name or an index.
struct Component {
  absl::string_view name;
  size_t index = 0;
  bool is_index = false;
};

// Takes the first component off `path`; false if the path is empty or malformed.
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

const FieldDescriptor* FieldOf(const Descriptor* type, absl::string_view name) {
  return type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
}

// Whose fields come after the field in a path; null for values and named values, whose members are the user's
// own.
const Descriptor* Below(const FieldDescriptor* field) {
  const Descriptor* type = field == nullptr ? nullptr : field->message_type();
  return type == nullptr || type->full_name() == "bpfrig.v1.Value" || type->full_name() == "bpfrig.v1.Field"
             ? nullptr
             : type;
}

NodePtr Element(const Node& node, size_t index) {
  if (node.IsSequence() && index < node.items.size()) return node.items[index];
  // A list of named values is a mapping in the plan.
  if (node.IsMapping() && index < node.pairs.size()) return node.pairs[index].value;
  return nullptr;
}

NodePtr Member(const Node& node, const FieldDescriptor* field, absl::string_view name) {
  if (!node.IsMapping()) return nullptr;
  if (field == nullptr) return FindKey(node, name);
  if (NodePtr found = FindKey(node, rules::PlanName(*field))) return found;
  const std::string& alias = rules::InPlan(*field).alias();
  return alias.empty() ? nullptr : FindKey(node, alias);
}

}  // namespace

NodePtr WalkPath(const NodePtr& root, const Descriptor* type, absl::string_view path) {
  NodePtr deepest = root;
  Component component;
  while (TakeComponent(path, component)) {
    if (component.is_index) {
      NodePtr next = Element(*deepest, component.index);
      if (next == nullptr) break;
      deepest = std::move(next);
      continue;
    }
    const FieldDescriptor* field = FieldOf(type, component.name);
    type = Below(field);
    NodePtr next = Member(*deepest, field, component.name);
    if (next != nullptr) {
      deepest = std::move(next);
    } else if (field == nullptr || !rules::InPlan(*field).inlined()) {
      // A short form has no more of the path; of a value, nothing is deeper than what the plan wrote.
      break;
    }
  }
  return deepest;
}

std::string PlanPath(const Descriptor* type, absl::string_view path) {
  std::string words;
  const FieldDescriptor* last = nullptr;
  Component component;
  while (TakeComponent(path, component)) {
    if (component.is_index) {
      absl::StrAppend(&words, "[", component.index, "]");
      continue;
    }
    const FieldDescriptor* field = FieldOf(type, component.name);
    type = Below(field);
    if (field != nullptr && rules::InPlan(*field).inlined()) continue;
    // What a plain text stands for has no word beside it.
    if (last != nullptr && field != nullptr && rules::ShortFor(*last) == field) continue;
    absl::StrAppend(&words, words.empty() ? "" : ".",
                    field == nullptr ? component.name : rules::PlanName(*field));
    last = field;
  }
  return words;
}

}  // namespace bpfrig::client::plan
