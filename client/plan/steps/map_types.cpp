#include "client/plan/steps/map_types.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/scalars.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

absl::string_view BareName(absl::string_view map) {
  const size_t slash = map.find('/');
  return slash == absl::string_view::npos ? map : map.substr(slash + 1);
}

// The fields of a call's request that name types.
struct TypeFields {
  std::string key;
  std::string value;
};

TypeFields TypeFieldsOf(const google::protobuf::MethodDescriptor& call) {
  const auto& request = *call.input_type();
  if (request.FindFieldByName("map") == nullptr) return {};
  if (request.FindFieldByName("value_type") != nullptr) return {"key_type", "value_type"};
  return request.FindFieldByName("type") != nullptr ? TypeFields{"", "type"} : TypeFields{};
}

// The pair of a step that is its call, if it is one on a map.
const NodePair* MapCallOf(const Node& step, TypeFields& fields) {
  for (const NodePair& pair : step.pairs) {
    const auto* call = FindCall(pair.key->text);
    if (call == nullptr || !pair.value->IsMapping()) continue;
    fields = TypeFieldsOf(*call);
    return fields.value.empty() ? nullptr : &pair;
  }
  return nullptr;
}

void AddKey(const std::string& name, const NodePtr& value, Node& mapping) {
  if (name.empty() || value == nullptr || FindKey(mapping, name) != nullptr) return;
  auto key = std::make_shared<Node>();
  key->kind = Node::Kind::kScalar;
  key->mark = value->mark;
  key->text = name;
  mapping.pairs.push_back({std::move(key), value});
}

}  // namespace

void MapTypes::Read(const NodePtr& node, Origin origin, Problems& problems) {
  if (!node->IsMapping()) {
    problems.Add(node->mark, absl::StrCat("types must be a mapping of maps to types, such as {m: [key, "
                                          "value], ring: record}, not ",
                                          Describe(*node)));
    return;
  }
  for (const NodePair& pair : node->pairs) {
    const bool is_pair = pair.value->IsSequence() && pair.value->tag.empty() && pair.value->items.size() == 2;
    const std::vector<NodePtr> types = is_pair ? pair.value->items : std::vector<NodePtr>{pair.value};
    const bool all_text = std::all_of(types.begin(), types.end(), [](const NodePtr& type) {
      return IsPlainText(*type) && !type->text.empty();
    });
    if (!all_text) {
      problems.Add(
          pair.value->mark,
          absl::StrCat("the types of ", pair.key->text,
                       " must be [key's, value's], or one type of its values or records, not ",
                       pair.value->IsSequence() ? absl::StrCat("a list of ", pair.value->items.size())
                                                : Describe(*pair.value)));
      continue;
    }
    entries_.push_back(
        {pair.key, is_pair ? types.front() : nullptr, types.back(), origin == Origin::kIncluded});
  }
}

MapTypes::Entry* MapTypes::Find(const std::string& map) {
  Entry* found = nullptr;
  for (Entry& entry : entries_) {
    if (entry.map->text == map) return &entry;
    // Either may leave the object out.
    const bool one_is_bare = BareName(entry.map->text) == entry.map->text || BareName(map) == map;
    if (one_is_bare && BareName(entry.map->text) == BareName(map)) found = &entry;
  }
  return found;
}

NodePtr MapTypes::AddTo(const NodePtr& step) {
  TypeFields fields;
  const NodePair* call = MapCallOf(*step, fields);
  const NodePtr map = call == nullptr ? nullptr : FindKey(*call->value, "map");
  if (map == nullptr) return step;
  maps_.push_back(map->text);
  Entry* const entry = Find(map->text);
  if (entry == nullptr) return step;
  entry->used = true;
  auto typed_call = std::make_shared<Node>(*call->value);
  AddKey(fields.key, entry->key, *typed_call);
  AddKey(fields.value, entry->value, *typed_call);
  auto typed_step = std::make_shared<Node>(*step);
  for (NodePair& pair : typed_step->pairs) {
    if (pair.key == call->key) pair.value = typed_call;
  }
  return typed_step;
}

void MapTypes::CheckUsed(Problems& problems) const {
  for (const Entry& entry : entries_) {
    if (entry.used || entry.may_be_unused) continue;
    problems.Add(entry.map->mark,
                 absl::StrCat("types names map \"", entry.map->text, "\", which no step reads or writes",
                              common::DidYouMean(entry.map->text, maps_)));
  }
}

}  // namespace bpfrig::client::plan
