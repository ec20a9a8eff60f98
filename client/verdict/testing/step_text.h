// Steps and differences as tests of comparisons write and read them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/yaml_reader.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// A step of a plan; fails the test if there is something wrong with it.
inline plan::Step ReadOne(const std::string& text) {
  plan::Problems problems;
  const plan::Objects objects = {{"obj", std::make_shared<const std::string>("bytes")}};
  plan::NodePtr node = plan::ReadYaml(text, std::make_shared<const std::string>("t.yaml"), problems);
  plan::Step step = plan::ReadStep(node, objects, problems);
  for (const plan::Problem& problem : problems.Sorted()) ADD_FAILURE() << ToString(problem);
  return step;
}

inline std::vector<std::string> Fields(const Differences& differences) {
  std::vector<std::string> fields;
  for (const Difference& difference : differences) fields.push_back(difference.field);
  return fields;
}

}  // namespace bpfrig::client::verdict
