// Reads one row of a test, with what its plan and the files that it includes have for all tests. The plan
// reader calls it for each row.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/plan/object_files.h"
#include "client/plan/plan.h"
#include "client/plan/steps/map_types.h"
#include "client/plan/steps/step_list.h"
#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// What a file has for all tests.
struct Shared {
  std::string path;
  NodePtr requires_features;
  NodePtr tags;
  NodePtr objects;
  NodePtr sandbox;
  NodePtr setup;
  NodePtr teardown;
};

// The same of all files.
struct SharedParts {
  // The plan's own last.
  std::vector<Shared> files;
  // `vars:`; null if there are none.
  NodePtr variables;
  Pieces pieces;
  // `types:`; it notes which of them are used.
  std::shared_ptr<MapTypes> types = std::make_shared<MapTypes>();
};

// A test as it stands, before it has a row.
struct TestSource {
  Mark mark;
  NodePtr name;
  NodePtr requires_features;
  NodePtr tags;
  NodePtr objects;
  NodePtr sandbox;
  NodePtr may_not_run;
  NodePtr holds_without;
  NodePtr timeout;
  NodePtr steps;
};

// A test without the plan's name. `row` is null if the test has none.
[[nodiscard]] Test ReadTestRow(const TestSource& source, const NodePtr& row, const SharedParts& shared,
                               ObjectFiles& files, Problems& problems);

}  // namespace bpfrig::client::plan
