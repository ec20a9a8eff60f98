#include "client/plan/yaml/node.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/shorten.h"

namespace bpfrig::client::plan {

NodePtr FindKey(const Node& mapping, absl::string_view key) {
  for (const NodePair& pair : mapping.pairs) {
    if (pair.key->text == key) return pair.value;
  }
  return nullptr;
}

NodePtr WithoutTag(const Node& node) {
  auto copy = std::make_shared<Node>(node);
  copy->tag.clear();
  return copy;
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
  const std::string text = common::Shorten(node.text);
  if (!node.tag.empty()) return absl::StrCat(node.tag, " ", text);
  return node.quoted ? absl::StrCat("the quoted \"", text, "\"") : absl::StrCat("\"", text, "\"");
}

}  // namespace bpfrig::client::plan
