// Reads lists of steps for one row of a test: replaces `${}`, puts the steps of pieces in the place of `use`,
// and keeps for later what an earlier step captures.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/plan/steps/map_types.h"
#include "client/plan/steps/step.h"
#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"
#include "client/plan/yaml/substitution.h"

namespace bpfrig::client::plan {

// The plan's `pieces:`, lists of steps by name.
using Pieces = std::map<std::string, NodePtr>;

class StepListReader {
 public:
  // All but the objects outlive it.
  StepListReader(const Pieces& pieces, MapTypes& types, std::shared_ptr<const Objects> objects, Scope scope,
                 Problems& problems)
      : pieces_(pieces),
        types_(types),
        objects_(std::move(objects)),
        scope_(std::move(scope)),
        problems_(problems) {}

  // Names that one list captures are known in those read after it.
  [[nodiscard]] std::vector<Step> Read(const NodePtr& list, absl::string_view what);

  // Everything that the steps were read from, for the fingerprint.
  [[nodiscard]] const std::vector<NodePtr>& nodes() const { return nodes_; }

 private:
  void ReadItems(const NodePtr& list, absl::string_view what, const std::string& used_at,
                 std::vector<Step>& steps);
  void ReadItem(const NodePtr& item, const std::string& used_at, std::vector<Step>& steps);
  // A step that stands for a piece's.
  void Use(const NodePtr& step, const NodePtr& use, std::vector<Step>& steps);
  NodePtr ReadArguments(const NodePtr& use, std::string& name, Mark& mark);

  const Pieces& pieces_;
  MapTypes& types_;
  const std::shared_ptr<const Objects> objects_;
  Scope scope_;
  Problems& problems_;
  // Pieces that are being read, the outermost first.
  std::vector<std::string> open_;
  std::vector<NodePtr> nodes_;
  // How many were read, also in vain.
  size_t items_ = 0;
};

}  // namespace bpfrig::client::plan
