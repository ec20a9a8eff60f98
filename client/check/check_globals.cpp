// What a step says of global variables of loaded objects.
#include <google/protobuf/message.h>

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "client/check/check_value.h"
#include "client/check/step_check.h"
#include "client/plan/fields/field_path.h"

namespace bpfrig::client::check {
namespace {

using google::protobuf::DynamicCastToGenerated;

void CheckSet(StepCheck& check, const bpfrig::v1::SetGlobalsRequest& request) {
  for (const bpfrig::v1::Field& field : request.globals()) {
    const std::string path = absl::StrCat("globals.", field.name());
    const FoundGlobal found = check.model.FindGlobal(field.name());
    if (!found.problem.empty()) check.Add(path, found.problem);
    if (found.item == nullptr) continue;
    if (!found.item->writable_after_load() && !check.may_fail) {
      check.Add(path, absl::StrCat("global variable \"", field.name(), "\" is in ", found.item->section(),
                                   ", which cannot be changed once loaded: set it in load's globals"));
    }
    const auto node = plan::WalkPath(check.step.node, check.step.call.method->input_type(), path);
    CheckValue({found.object->description, found.item->type()}, found.item->name(), field.value(), node,
               check.problems);
  }
}

void CheckExpected(StepCheck& check, const plan::GlobalsShape& shape) {
  for (const plan::GlobalExpectation& global : shape.globals) {
    // One that is not there is among the step's names.
    const FoundGlobal found = check.model.FindGlobal(global.source.name);
    if (found.item == nullptr) continue;
    CheckPattern({found.object->description, found.item->type()}, found.item->name(), global.value,
                 check.problems);
  }
}

}  // namespace

void CheckGlobals(StepCheck& check) {
  const auto* request = check.step.call.request.get();
  if (const auto* set = DynamicCastToGenerated<const bpfrig::v1::SetGlobalsRequest>(request)) {
    CheckSet(check, *set);
  }
  if (const auto* read = DynamicCastToGenerated<const bpfrig::v1::ReadGlobalsRequest>(request)) {
    for (int i = 0; i < read->names_size(); ++i) {
      const FoundGlobal found = check.model.FindGlobal(read->names(i));
      if (!found.problem.empty()) check.Add(absl::StrCat("names[", i, "]"), found.problem);
    }
    if (const auto* shape = std::get_if<plan::GlobalsShape>(&check.step.shape)) CheckExpected(check, *shape);
  }
}

}  // namespace bpfrig::client::check
