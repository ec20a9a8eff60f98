// The check of one step, in parts: each in the file of its name.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/program.pb.h"
#include "client/check/sandbox_model.h"
#include "client/check/test_check.h"
#include "client/plan/steps/step.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::check {

// The lines of the steps that make servers, connections and sockets, by name.
using MakerLines = std::map<std::string, int>;

struct StepCheck {
  const plan::Step& step;
  // As the steps before left it; the checks add what this step makes.
  SandboxModel& model;
  const MakerLines& makers;
  plan::Problems& problems;
  // Whether the plan expects, or allows, that the step makes nothing.
  bool may_fail = false;

  // A problem at the place that the plan has for that field of the request.
  void Add(absl::string_view path, std::string message) const {
    problems.Add(plan::MarkOfField(step, path), std::move(message));
  }
};

// load. (check_load.cpp)
void CheckLoad(StepCheck& check, const Descriptions& descriptions);
// attach, detach, run, and what a step says of runs. (check_programs.cpp)
void CheckPrograms(StepCheck& check);
// What load and attach attach. `own` is the object that is being loaded, or empty; `path` ends with a dot.
void CheckTarget(StepCheck& check, const std::string& path, const bpfrig::v1::AttachTarget& target,
                 const std::string& own);
// seed, dump, events, write. (check_maps.cpp)
void CheckMaps(StepCheck& check);
// set, globals. (check_globals.cpp)
void CheckGlobals(StepCheck& check);
// The values of socket options. (check_options.cpp)
void CheckOptions(StepCheck& check);
// Servers, connections and sockets, and all that tags refer to. (check_references.cpp)
void CheckReferences(StepCheck& check);
void MakeSockets(StepCheck& check);

}  // namespace bpfrig::client::check
