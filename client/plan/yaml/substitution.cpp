#include "client/plan/yaml/substitution.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

// Far beyond any plan, as node.h's limits.
constexpr size_t kMaxText = size_t{1} << 20;

constexpr absl::string_view kMergeKey = "<<";

class Substitution {
 public:
  Substitution(const Scope& scope, Problems& problems) : scope_(scope), problems_(problems) {}

  // Whether a name stays because it is captured.
  [[nodiscard]] bool is_left() const { return is_left_; }

  NodePtr Rewrite(const NodePtr& node) {
    switch (node->kind) {
      case Node::Kind::kNull:
        return node;
      case Node::Kind::kScalar:
        return RewriteScalar(node);
      case Node::Kind::kSequence: {
        auto copy = std::make_shared<Node>(*node);
        for (NodePtr& item : copy->items) item = Rewrite(item);
        return Weighed(std::move(copy));
      }
      case Node::Kind::kMapping: {
        const size_t problems_before = problems_.Count();
        auto copy = std::make_shared<Node>(*node);
        for (NodePair& pair : copy->pairs) pair = {RewriteText(pair.key), Rewrite(pair.value)};
        CheckKeys(*copy);
        // What could not be replaced is not a mapping to merge.
        return Weighed(problems_.Count() == problems_before ? Merged(std::move(copy)) : std::move(copy));
      }
    }
    return node;
  }

 private:
  // The node with its weight as it is now; without what is below it, if that is too much.
  NodePtr Weighed(std::shared_ptr<Node> node) {
    node->weight = 1;
    node->depth = 1;
    const auto add = [&](const Node& below) {
      node->weight += below.weight;
      node->depth = std::max(node->depth, below.depth + 1);
    };
    for (const NodePtr& item : node->items) add(*item);
    for (const NodePair& pair : node->pairs) add(*pair.value);
    if (node->weight <= kMaxNodes && node->depth <= kMaxLevels) return node;
    problems_.Add(node->mark, absl::StrCat("names stand for more than ", kMaxLevels, " levels or ", kMaxNodes,
                                           " nodes here"));
    node->items.clear();
    node->pairs.clear();
    node->weight = node->depth = 1;
    return node;
  }

  // `<<: "${name}"`: with the pairs of that mapping that it does not have itself.
  std::shared_ptr<Node> Merged(std::shared_ptr<Node> mapping) {
    const NodePtr other = FindKey(*mapping, kMergeKey);
    if (other == nullptr || (is_left_ && other->IsScalar())) return mapping;
    auto& pairs = mapping->pairs;
    pairs.erase(std::remove_if(pairs.begin(), pairs.end(),
                               [](const NodePair& pair) { return pair.key->text == kMergeKey; }),
                pairs.end());
    if (other->IsMapping() && other->tag.empty()) return std::make_shared<Node>(*Overlay(mapping, other));
    problems_.Add(other->mark, absl::StrCat("<< must be followed by a mapping, or by a name or an alias of "
                                            "one, not ",
                                            Describe(*other)));
    return mapping;
  }

  NodePtr RewriteScalar(const NodePtr& node) {
    const absl::string_view text = node->text;
    // The whole string is one name.
    if (text.size() > 3 && text.substr(0, 2) == "${" && text.find('}') == text.size() - 1) {
      const absl::string_view name = text.substr(2, text.size() - 3);
      if (Stays(name)) return node;
      NodePtr value = Lookup(name, node->mark);
      if (value == nullptr) return node;
      NoteCaptured(*value);
      if (node->tag.empty()) return At(*value, node->mark);
      if (value->IsScalar() && (value->tag.empty() || value->tag == node->tag)) {
        auto tagged = std::make_shared<Node>(*node);
        tagged->text = value->text;
        return tagged;
      }
      problems_.Add(node->mark, absl::StrCat(node->tag, " ", node->text, ": the name stands for ",
                                             Describe(*value), "; text without a tag was expected"));
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
      rest.remove_prefix(end + 1);
      if (Stays(name)) {
        absl::StrAppend(&result, "${", name, "}");
        continue;
      }
      NodePtr value = Lookup(name, node->mark);
      if (value == nullptr) return node;
      if (!value->IsScalar()) {
        problems_.Add(node->mark, absl::StrCat("${", name, "} is ", Describe(*value),
                                               "; inside a longer string it must be text"));
        return node;
      }
      NoteCaptured(*value);
      result.append(value->text);
      if (result.size() > kMaxText) {
        problems_.Add(node->mark, "names stand for more than a mebibyte of text here");
        return node;
      }
    }
    auto copy = std::make_shared<Node>(*node);
    copy->text = std::move(result);
    return copy;
  }

  [[nodiscard]] NodePtr Find(absl::string_view name) const {
    for (const NodePtr* mapping : {&scope_.row, &scope_.variables}) {
      if (*mapping == nullptr) continue;
      if (NodePtr value = FindKey(**mapping, name)) return value;
    }
    return nullptr;
  }

  // Whether the name is known only when the test runs.
  bool Stays(absl::string_view name) {
    if (scope_.captured.count(std::string(name)) == 0 || Find(name) != nullptr) return false;
    is_left_ = true;
    return true;
  }

  // An argument of a piece may be, or hold, what is known only then.
  void NoteCaptured(const Node& value) {
    for (const std::string& name : scope_.captured) {
      if (absl::StrContains(value.text, absl::StrCat("${", name, "}"))) is_left_ = true;
    }
    for (const NodePtr& item : value.items) NoteCaptured(*item);
    for (const NodePair& pair : value.pairs) NoteCaptured(*pair.value);
  }

  NodePtr Lookup(absl::string_view name, const Mark& mark) {
    if (NodePtr value = Find(name)) return value;
    if (scope_.later != nullptr && FindKey(*scope_.later, name) != nullptr) {
      problems_.Add(mark, absl::StrCat("${", name,
                                       "} has no value yet: a variable may be made only of "
                                       "those before it in vars"));
      return nullptr;
    }
    std::vector<std::string> known(scope_.captured.begin(), scope_.captured.end());
    for (const NodePtr* mapping : {&scope_.row, &scope_.variables}) {
      if (*mapping == nullptr) continue;
      for (const NodePair& pair : (*mapping)->pairs) known.push_back(pair.key->text);
    }
    if (known.empty()) {
      problems_.Add(mark, absl::StrCat("${", name,
                                       "}: there is no vars:, each: or capture: that could say what "
                                       "this is"));
    } else {
      problems_.Add(mark, absl::StrCat("${", name, "} is not known here", common::DidYouMean(name, known),
                                       "; known are: ", absl::StrJoin(known, ", ")));
    }
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

  const Scope& scope_;
  Problems& problems_;
  bool is_left_ = false;
};

}  // namespace

NodePtr Substitute(const NodePtr& node, const Scope& scope, Problems& problems, bool* is_left) {
  Substitution substitution(scope, problems);
  NodePtr rewritten = substitution.Rewrite(node);
  if (is_left != nullptr) *is_left = substitution.is_left();
  return rewritten;
}

NodePtr Overlay(const NodePtr& first, const NodePtr& second) {
  if (first == nullptr || second == nullptr) return first == nullptr ? second : first;
  auto both = std::make_shared<Node>(*first);
  for (const NodePair& pair : second->pairs) {
    if (FindKey(*first, pair.key->text) == nullptr) both->pairs.push_back(pair);
  }
  return both;
}

}  // namespace bpfrig::client::plan
