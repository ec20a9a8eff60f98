#include "client/verdict/captures.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/yaml/substitution.h"
#include "client/verdict/matcher.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::Value;
using plan::Node;
using plan::NodePtr;

std::shared_ptr<Node> Make(Node::Kind kind, const plan::Mark& mark) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->mark = mark;
  return node;
}

std::shared_ptr<Node> Scalar(std::string text, const plan::Mark& mark) {
  auto node = Make(Node::Kind::kScalar, mark);
  node->text = std::move(text);
  return node;
}

// What the deepest part that there is has in it.
std::string DescribeParts(const Value& value) {
  if (value.has_list()) return absl::StrCat("a list of ", value.list().values_size());
  if (!value.has_fields()) return "a single value";
  std::vector<std::string> names;
  for (const auto& field : value.fields().fields()) names.push_back(field.name());
  return names.empty() ? "nothing" : absl::StrJoin(names, ", ");
}

// Walks to the part that the path names; null if there is none, and `reached` is how far it came.
const Value* Find(const Value& answer, absl::string_view path, const Value*& reached) {
  reached = &answer;
  while (!path.empty()) {
    const Value* next = nullptr;
    if (path.front() == '[') {
      const size_t end = std::min(path.find(']'), path.size() - 1);
      size_t index = 0;
      if (absl::SimpleAtoi(path.substr(1, end - 1), &index)) next = FindItem(reached, index);
      path.remove_prefix(end + 1);
    } else {
      const size_t end = std::min(path.find_first_of(".["), path.size());
      next = FindMember(reached, std::string(path.substr(0, end)));
      path.remove_prefix(end);
    }
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
    if (next == nullptr) return nullptr;
    reached = next;
  }
  return reached;
}

}  // namespace

NodePtr AsNode(const Value& value, const plan::Mark& mark) {
  switch (value.kind_case()) {
    case Value::kSignedInteger:
      return Scalar(absl::StrCat(value.signed_integer()), mark);
    case Value::kUnsignedInteger:
      return Scalar(absl::StrCat(value.unsigned_integer()), mark);
    case Value::kText:
      return Scalar(value.text(), mark);
    case Value::kRaw: {
      auto bytes = Scalar(absl::BytesToHexString(value.raw()), mark);
      if (!value.raw().empty()) bytes->tag = "!hex";
      bytes->quoted = value.raw().empty();
      return bytes;
    }
    case Value::kList: {
      auto list = Make(Node::Kind::kSequence, mark);
      for (const Value& item : value.list().values()) list->items.push_back(AsNode(item, mark));
      return list;
    }
    case Value::kFields: {
      auto mapping = Make(Node::Kind::kMapping, mark);
      for (const auto& field : value.fields().fields()) {
        mapping->pairs.push_back({Scalar(field.name(), mark), AsNode(field.value(), mark)});
      }
      return mapping;
    }
    case Value::kTag:
      // Programs and maps in maps are decoded as their names.
      return Scalar(value.tag().program().empty() ? value.tag().map() : value.tag().program(), mark);
    case Value::KIND_NOT_SET:
      break;
  }
  return Make(Node::Kind::kNull, mark);
}

void SetMember(const std::string& name, const Value& value, Value& answer) {
  for (auto& field : *answer.mutable_fields()->mutable_fields()) {
    if (field.name() == name) *field.mutable_value() = value;
  }
}

Differences Capture(const plan::Step& step, const Value& answer, NodePtr& captured) {
  Differences differences;
  for (const plan::Capture& capture : step.captures) {
    const Value* reached = nullptr;
    const Value* value = Find(answer, capture.path, reached);
    if (value == nullptr) {
      differences.push_back({capture.mark, absl::StrCat("capture ", capture.name),
                             absl::StrCat(capture.path, " in the answer"),
                             absl::StrCat("it is not there; there is: ", DescribeParts(*reached))});
      continue;
    }
    auto one = Make(Node::Kind::kMapping, capture.mark);
    one->pairs.push_back({Scalar(capture.name, capture.mark), AsNode(*value, capture.mark)});
    captured = plan::Overlay(one, captured);
  }
  return differences;
}

}  // namespace bpfrig::client::verdict
