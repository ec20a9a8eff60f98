#include "client/plan/yaml/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/plan/yaml/yaml_mistakes.h"

namespace bpfrig::client::plan {
namespace {

bool SamePlace(const Mark& a, const Mark& b) { return a.line == b.line && a.column == b.column; }

// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const std::string> file, Problems& problems)
      : file_(std::move(file)), problems_(problems) {}

  [[nodiscard]] const NodePtr& Root() const { return root_; }
  [[nodiscard]] Mark At(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_ == nullptr) return;
    problems_.Add(At(mark), "a second YAML document, or a stray character; a plan is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place(Make(Node::Kind::kNull, mark, ""), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      problems_.Add(At(mark), "an alias inside what it stands for");
      Place(Make(Node::Kind::kNull, mark, ""), 0);
      return;
    }
    Place(found->second, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = Make(Node::Kind::kScalar, mark, tag);
    node->text = value;
    node->quoted = tag == "!";
    Place(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({Make(Node::Kind::kSequence, mark, tag), anchor, nullptr});
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({Make(Node::Kind::kMapping, mark, tag), anchor, nullptr});
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or mapping that is not finished yet.
  struct Open {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor;
    // A mapping's key that waits for its value.
    NodePtr key;
  };

  [[nodiscard]] std::shared_ptr<Node> Make(Node::Kind kind, const YAML::Mark& mark,
                                           const std::string& tag) const {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->mark = At(mark);
    // yaml-cpp: "?" is no tag on a plain node, "!" none on a quoted one.
    if (tag != "?" && tag != "!") node->tag = tag;
    return node;
  }

  void Place(std::shared_ptr<const Node> node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      if (root_ == nullptr) root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.node->depth = std::max(parent.node->depth, node->depth + 1);
    parent.node->weight += node->weight;
    if (parent.node->depth + open_.size() > kMaxLevels || parent.node->weight > kMaxNodes) {
      throw YAML::ParserException(YAML::Mark(),
                                  absl::StrCat("more than ", kMaxLevels, " levels or ", kMaxNodes, " nodes"));
    }
    if (parent.node->IsSequence()) {
      parent.node->items.push_back(std::move(node));
    } else if (parent.key == nullptr) {
      parent.key = std::move(node);
    } else {
      AddPair(*parent.node, std::exchange(parent.key, nullptr), std::move(node));
    }
  }

  void AddPair(Node& mapping, NodePtr key, NodePtr value) {
    if (!key->IsScalar() || !key->tag.empty()) {
      problems_.Add(key->mark, absl::StrCat("a key must be a plain word, not ", Describe(*key)));
      return;
    }
    for (const NodePair& pair : mapping.pairs) {
      if (pair.key->text != key->text) continue;
      problems_.Add(key->mark, absl::StrCat("key \"", key->text, "\" is given twice; the first is on line ",
                                            pair.key->mark.line));
      return;
    }
    if (value->IsNull()) {
      // The parser gives a missing value the mark of whatever comes next.
      auto moved = std::make_shared<Node>(*value);
      moved->mark = key->mark;
      value = std::move(moved);
    }
    mapping.pairs.push_back({std::move(key), std::move(value)});
  }

  void Close() {
    Open open = std::move(open_.back());
    open_.pop_back();
    Place(IsBareAddress(*open.node) ? ReadAsScalar(*open.node) : std::move(open.node), open.anchor);
  }

  // `[fd00::, x]`: YAML reads the mapping {"fd00:": null}, which stands where its key does, without a brace.
  static bool IsBareAddress(const Node& node) {
    if (!node.IsMapping() || node.pairs.size() != 1) return false;
    const NodePair& pair = node.pairs.front();
    return pair.value->IsNull() && !pair.key->quoted && absl::EndsWith(pair.key->text, ":") &&
           SamePlace(node.mark, pair.key->mark);
  }

  // Complains, and gives what was meant, so that the readers do not complain again.
  std::shared_ptr<const Node> ReadAsScalar(const Node& node) {
    auto scalar = std::make_shared<Node>(*node.pairs.front().key);
    scalar->text += ":";
    problems_.Add(node.mark, absl::StrCat("YAML reads ", scalar->text,
                                          " as a mapping; an address like this is written in quotes"));
    return scalar;
  }

  std::shared_ptr<const std::string> file_;
  Problems& problems_;
  NodePtr root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
};

}  // namespace

NodePtr ReadYaml(const std::string& text, const std::shared_ptr<const std::string>& file,
                 Problems& problems) {
  TreeBuilder builder(file, problems);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    // A second document is a complaint of the builder's, and enough: yaml-cpp 0.7 finds documents without end
    // in a stray comma or bracket.
    if (parser.HandleNextDocument(builder)) static_cast<void>(parser.HandleNextDocument(builder));
  } catch (const YAML::Exception& error) {
    const Mark place = builder.At(error.mark);
    YamlMistake mistake = FindYamlMistake(text, {place.line, place.column, error.msg});
    problems.Add({file, mistake.line, mistake.column}, std::move(mistake.message));
    return nullptr;
  }
  if (builder.Root() == nullptr) problems.Add({file, 1, 1}, "the file is empty; a plan was expected");
  return builder.Root();
}

}  // namespace bpfrig::client::plan
