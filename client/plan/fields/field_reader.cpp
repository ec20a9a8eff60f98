#include "client/plan/fields/field_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {

FieldReader::FieldReader(const NodePtr& node, absl::string_view what, Problems& problems)
    : node_(node), what_(what), problems_(problems), valid_(node->IsMapping() && node->tag.empty()) {
  if (!valid_) {
    problems_.Add(node->mark, absl::StrCat(what_, " must be a mapping of keys, not ", Describe(*node)));
  }
}

FieldReader::FieldReader(const NodePtr& node, const KeyTable& table, Problems& problems)
    : FieldReader(node, table.what, problems) {
  table_ = table;
}

FieldReader::~FieldReader() { Finish(); }

std::vector<std::string> FieldReader::Listed() const {
  std::vector<std::string> listed;
  for (const std::string& key : asked_) {
    if (std::find(unlisted_.begin(), unlisted_.end(), key) == unlisted_.end()) listed.push_back(key);
  }
  return listed;
}

std::vector<std::string> FieldReader::Finish() {
  std::vector<std::string> meant;
  if (!valid_ || std::exchange(finished_, true)) return meant;
  for (const NodePair& pair : node_->pairs) {
    const std::string& key = pair.key->text;
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::vector<std::string> listed = Listed();
    const std::string nearest = common::Nearest(key, listed);
    if (!nearest.empty()) meant.push_back(nearest);
    problems_.Add(pair.key->mark,
                  absl::StrCat("unknown key \"", key, "\" in ", what_, common::DidYouMean(key, listed),
                               "; keys here: ", absl::StrJoin(listed, ", ")));
  }
  for (Missing& missing : missing_) {
    if (std::find(meant.begin(), meant.end(), missing.key) != meant.end()) continue;
    problems_.Add(node_->mark, std::move(missing.sentence));
  }
  return meant;
}

NodePtr FieldReader::Find(absl::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
  return valid_ ? FindKey(*node_, key) : nullptr;
}

NodePtr FieldReader::Require(absl::string_view key) {
  NodePtr value = Find(key);
  const Key* const known = FindKeyOf(table_, key);
  if (value == nullptr && known != nullptr) {
    Lacks(key, absl::StrCat(what_, " lacks \"", key, "\": ", known->required, " was expected"));
  }
  return value;
}

void FieldReader::Lacks(absl::string_view key, std::string sentence) {
  if (valid_) missing_.push_back({std::string(key), std::move(sentence)});
}

}  // namespace bpfrig::client::plan
