// The plan's `types:`, which says once which types a map's keys, values and records have. Steps that use the
// map and do not say it themselves are read as if they did.
#pragma once

#include <string>
#include <vector>

#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

class MapTypes {
 public:
  // Whether a map that no step uses is a mistake; what plans share need not be used by each of them.
  enum class Origin { kPlan, kIncluded };

  // {map: value's or record's type} or {map: [key's type, value's type]}; maps as `map` or `object/map`.
  void Read(const NodePtr& node, Origin origin, Problems& problems);

  // The step with the types of its map.
  [[nodiscard]] NodePtr AddTo(const NodePtr& step);

  // Complains of maps that no step of the plan has used and one should have.
  void CheckUsed(Problems& problems) const;

 private:
  struct Entry {
    NodePtr map;
    NodePtr key;    // null: not said
    NodePtr value;  // null after a complaint
    bool may_be_unused = false;
    bool used = false;
  };

  [[nodiscard]] Entry* Find(const std::string& map);

  std::vector<Entry> entries_;
  // What the plan's steps call their maps.
  std::vector<std::string> maps_;
};

}  // namespace bpfrig::client::plan
