#include "client/plan/substitution.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

class Substitution {
 public:
  Substitution(const NodePtr& row, Problems& problems) : row_(row), problems_(problems) {}

  NodePtr Rewrite(const NodePtr& node) {
    switch (node->kind) {
      case Node::Kind::kNull:
        return node;
      case Node::Kind::kScalar:
        return RewriteScalar(node);
      case Node::Kind::kSequence: {
        auto copy = std::make_shared<Node>(*node);
        for (NodePtr& item : copy->items) item = Rewrite(item);
        return copy;
      }
      case Node::Kind::kMapping: {
        auto copy = std::make_shared<Node>(*node);
        for (NodePair& pair : copy->pairs) pair = {RewriteText(pair.key), Rewrite(pair.value)};
        CheckKeys(*copy);
        return copy;
      }
    }
    return node;
  }

 private:
  NodePtr RewriteScalar(const NodePtr& node) {
    const absl::string_view text = node->text;
    // The whole string is one name.
    if (text.size() > 3 && text.substr(0, 2) == "${" && text.find('}') == text.size() - 1) {
      NodePtr value = Lookup(text.substr(2, text.size() - 3), node->mark);
      if (value == nullptr) return node;
      if (node->tag.empty()) return At(*value, node->mark);
      if (value->IsScalar() && (value->tag.empty() || value->tag == node->tag)) {
        auto tagged = std::make_shared<Node>(*node);
        tagged->text = value->text;
        return tagged;
      }
      problems_.Add(node->mark, absl::StrCat(node->tag, " ", node->text, ": the row has ", Describe(*value),
                                             " for it; text without a tag was expected"));
      return node;
    }
    return RewriteText(node);
  }

  // Replaces names inside a longer text.
  NodePtr RewriteText(const NodePtr& node) {
    if (node->text.find("${") == std::string::npos) return node;
    std::string result;
    absl::string_view rest = node->text;
    while (!rest.empty()) {
      const size_t start = rest.find("${");
      absl::StrAppend(&result, rest.substr(0, start));
      if (start == absl::string_view::npos) break;
      const size_t end = rest.find('}', start);
      if (end == absl::string_view::npos) {
        problems_.Add(node->mark, absl::StrCat("\"", node->text, "\": ${ without its }"));
        return node;
      }
      const absl::string_view name = rest.substr(start + 2, end - start - 2);
      NodePtr value = Lookup(name, node->mark);
      if (value == nullptr) return node;
      if (!value->IsScalar()) {
        problems_.Add(node->mark, absl::StrCat("${", name, "} is ", Describe(*value),
                                               " in the row; inside a longer string it must be text"));
        return node;
      }
      result.append(value->text);
      rest.remove_prefix(end + 1);
    }
    auto copy = std::make_shared<Node>(*node);
    copy->text = std::move(result);
    return copy;
  }

  NodePtr Lookup(absl::string_view name, const Mark& mark) {
    if (row_ == nullptr) {
      problems_.Add(mark, absl::StrCat("${", name, "}: the test has no each: that could say what this is"));
      return nullptr;
    }
    if (NodePtr value = FindKey(*row_, name)) return value;
    std::vector<std::string> known;
    for (const NodePair& pair : row_->pairs) known.push_back(pair.key->text);
    problems_.Add(
        mark, absl::StrCat("${", name, "} is not in the row on line ", row_->mark.line,
                           common::DidYouMean(name, known), "; the row has: ", absl::StrJoin(known, ", ")));
    return nullptr;
  }

  void CheckKeys(const Node& mapping) {
    for (size_t i = 0; i < mapping.pairs.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (mapping.pairs[i].key->text != mapping.pairs[j].key->text) continue;
        problems_.Add(mapping.pairs[i].key->mark, absl::StrCat("key \"", mapping.pairs[i].key->text,
                                                               "\" is given twice after substitution"));
      }
    }
  }

  // Complaints and failures point to where the name is used.
  static NodePtr At(const Node& node, const Mark& mark) {
    auto copy = std::make_shared<Node>(node);
    copy->mark = mark;
    return copy;
  }

  const NodePtr& row_;
  Problems& problems_;
};

}  // namespace

NodePtr Substitute(const NodePtr& node, const NodePtr& row, Problems& problems) {
  return Substitution(row, problems).Rewrite(node);
}

}  // namespace bpfrig::client::plan
