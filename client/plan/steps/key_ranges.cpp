#include "client/plan/steps/key_ranges.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/plan/yaml/scalars.h"
#include "common/number.h"

namespace bpfrig::client::plan {
namespace {

constexpr absl::string_view kKeys = "keys";

struct Range {
  uint64_t first = 0;
  uint64_t last = 0;
};

bool IsWrittenAsRange(const Node& node) {
  return IsPlainText(node) && !node.quoted && absl::StrContains(node.text, "..");
}

// Nothing, with a problem, if it is a broken one.
std::optional<Range> ReadRange(const Node& node, Problems& problems) {
  const std::pair<std::string, std::string> ends = absl::StrSplit(node.text, absl::MaxSplits("..", 1));
  Range range;
  const bool is_range = common::ParseNumber(ends.first, range.first) == common::NumberKind::kUnsigned &&
                        common::ParseNumber(ends.second, range.last) == common::NumberKind::kUnsigned;
  if (is_range && range.first <= range.last && range.last - range.first < kMaxKeys) return range;
  problems.Add(node.mark,
               absl::StrCat("a range of keys must be two numbers such as 0..99, the smaller one first "
                            "and at most ",
                            kMaxKeys, " keys, not ", Describe(node)));
  return std::nullopt;
}

class KeyWriter {
 public:
  explicit KeyWriter(Problems& problems) : problems_(problems) {}

  // A range, or a list of keys and ranges, as single keys.
  std::vector<NodePtr> Keys(const NodePtr& node, absl::string_view what) {
    std::vector<NodePtr> keys;
    if (AddRange(node, keys)) return keys;
    if (!node->IsSequence() || !node->tag.empty()) {
      problems_.Add(node->mark,
                    absl::StrCat(what, " must be a range such as 0..99, or a list, not ", Describe(*node)));
      return {AnyKey(*node)};
    }
    for (const NodePtr& item : node->items) {
      if (!AddRange(item, keys)) keys.push_back(item);
    }
    return keys;
  }

  // An entry for each of its keys.
  void AddEntries(const NodePtr& entry, std::vector<NodePtr>& entries) {
    const NodePtr node = entry->IsMapping() ? FindKey(*entry, kKeys) : nullptr;
    if (node == nullptr) return entries.push_back(entry);
    if (FindKey(*entry, "key") != nullptr) problems_.Add(node->mark, "key and keys exclude each other");
    for (const NodePtr& key : Keys(node, "keys of an entry")) entries.push_back(WithKey(*entry, key));
  }

 private:
  // False if it is not written as a range.
  bool AddRange(const NodePtr& node, std::vector<NodePtr>& keys) {
    if (!IsWrittenAsRange(*node)) return false;
    const std::optional<Range> range = ReadRange(*node, problems_);
    if (!range) {
      keys.push_back(AnyKey(*node));
      return true;
    }
    for (uint64_t index = 0; index <= range->last - range->first; ++index) {
      if (++written_ > kMaxKeys) {
        problems_.Add(node->mark, absl::StrCat("the ranges of one list may have ", kMaxKeys, " keys in all"));
        return true;
      }
      auto key = std::make_shared<Node>();
      key->kind = Node::Kind::kScalar;
      key->mark = node->mark;
      key->text = absl::StrCat(range->first + index);
      keys.push_back(std::move(key));
    }
    return true;
  }

  // In the place of what was complained of, so that nobody complains again: that there is no key, or that it
  // is not a number.
  static NodePtr AnyKey(const Node& node) {
    auto text = std::make_shared<Node>();
    text->kind = Node::Kind::kScalar;
    text->mark = node.mark;
    text->text = "?";
    text->quoted = true;
    return text;
  }

  static NodePtr WithKey(const Node& entry, const NodePtr& key) {
    auto copy = std::make_shared<Node>(entry);
    for (NodePair& pair : copy->pairs) {
      if (pair.key->text != kKeys) continue;
      auto name = std::make_shared<Node>(*pair.key);
      name->text = "key";
      pair = {std::move(name), key};
    }
    return copy;
  }

  Problems& problems_;
  size_t written_ = 0;
};

NodePtr WithItems(const Node& list, std::vector<NodePtr> items) {
  auto copy = std::make_shared<Node>(list);
  copy->kind = Node::Kind::kSequence;
  copy->tag.clear();
  copy->text.clear();
  copy->pairs.clear();
  copy->items = std::move(items);
  return copy;
}

NodePtr WrittenOutEntries(const NodePtr& list, Problems& problems) {
  if (!list->IsSequence()) return list;
  const auto has_keys = [](const NodePtr& entry) {
    return entry->IsMapping() && FindKey(*entry, kKeys) != nullptr;
  };
  if (std::none_of(list->items.begin(), list->items.end(), has_keys)) return list;
  KeyWriter writer(problems);
  std::vector<NodePtr> entries;
  for (const NodePtr& entry : list->items) writer.AddEntries(entry, entries);
  return WithItems(*list, std::move(entries));
}

// The mapping with `write` done to the values of those keys.
template <typename Write>
NodePtr WithWritten(const NodePtr& mapping, const std::vector<absl::string_view>& keys, const Write& write) {
  if (!mapping->IsMapping()) return mapping;
  auto copy = std::make_shared<Node>(*mapping);
  for (NodePair& pair : copy->pairs) {
    if (std::find(keys.begin(), keys.end(), pair.key->text) != keys.end()) pair.value = write(pair.value);
  }
  return copy;
}

}  // namespace

NodePtr WriteOutKeys(absl::string_view step, const NodePtr& node, Problems& problems) {
  if (step == "seed") {
    return WithWritten(node, {"entries"},
                       [&](const NodePtr& list) { return WrittenOutEntries(list, problems); });
  }
  if (step != "dump") return node;
  return WithWritten(node, {kKeys}, [&](const NodePtr& keys) {
    return WithItems(*keys, KeyWriter(problems).Keys(keys, kKeys));
  });
}

NodePtr WriteOutExpectedKeys(absl::string_view step, const NodePtr& expect, Problems& problems) {
  if (step != "dump") return expect;
  return WithWritten(expect, {"exactly", "contains", "absent"},
                     [&](const NodePtr& list) { return WrittenOutEntries(list, problems); });
}

}  // namespace bpfrig::client::plan
