// A plan's file with those that it includes: `include:` names files with parts that plans share.
#pragma once

#include <string>
#include <vector>

#include "client/plan/yaml/node.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Larger plans are not read.
inline constexpr size_t kMaxPlan = size_t{4} << 20;

struct PlanFile {
  NodePtr root;
  std::string path;
};

// Each file after those that it includes, and so the plan itself last. A file that is included twice is there
// once; one that includes itself is a problem.
[[nodiscard]] std::vector<PlanFile> WithIncluded(const NodePtr& plan, const std::string& path,
                                                 Problems& problems);

// The plan's file and all that it includes, as far as they can be read.
[[nodiscard]] std::vector<std::string> FilesOfPlan(const std::string& path);

// Whether the file has parts for plans to include, and is not a plan: it has neither a name nor tests.
[[nodiscard]] bool IsSharedPart(const std::string& path);

}  // namespace bpfrig::client::plan
