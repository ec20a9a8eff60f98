// The readers of set and globals, whose keys are the names of variables.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/program.pb.h"
#include "client/plan/fields/read_pattern.h"
#include "client/plan/fields/values.h"
#include "client/plan/steps/shapes.h"
#include "client/plan/yaml/scalars.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::ReadGlobalsRequest;
using bpfrig::v1::SetGlobalsRequest;
using bpfrig::v1::Value;

// What a failure is expected by; a variable that is called so is written with its object.
bool IsOfFailure(absl::string_view key) { return key == "error" || key == "errno"; }

void AddName(const std::string& name, ReadGlobalsRequest& request) {
  const auto& names = request.names();
  if (std::find(names.begin(), names.end(), name) == names.end()) request.add_names(name);
}

void ReadNames(const NodePtr& node, ReadGlobalsRequest& request, Problems& problems) {
  if (node->IsNull()) return;
  if (!node->IsSequence()) {
    problems.Add(node->mark, absl::StrCat("globals must be a list of variables, such as [counter], not ",
                                          Describe(*node)));
    return;
  }
  for (const NodePtr& item : node->items) AddName(ReadText(item, "a variable", problems), request);
}

void AddPattern(const std::string& name, Value value, ReadGlobalsRequest& request) {
  auto* pattern = request.add_patterns();
  pattern->set_name(name);
  *pattern->mutable_value() = std::move(value);
}

void RequestPatterns(GlobalsShape& shape, ReadGlobalsRequest& request) {
  for (const GlobalExpectation& global : shape.globals) {
    // One without a plain part says nothing, and keeps its place.
    AddPattern(global.source.name, PlainPart(global.value), request);
    shape.sources.push_back(global.source);
  }
  for (GlobalExpectation& global : shape.globals) {
    ForEachEncoded(global.value, [&](Pattern& part, Value in_its_place) {
      part.encoding = static_cast<size_t>(request.patterns_size());
      AddPattern(global.source.name, std::move(in_its_place), request);
      shape.sources.push_back({global.source.name, part.node});
    });
  }
}

}  // namespace

Shape ReadSet(StepSource& source) {
  auto& request = As<SetGlobalsRequest>(*source.call.request);
  for (const NodePair& pair : source.node->pairs) {
    if (source.fields.Find(pair.key->text) == nullptr) continue;
    auto* global = request.add_globals();
    global->set_name(pair.key->text);
    *global->mutable_value() = ReadValue(pair.value, source.problems);
  }
  if (source.fields.IsMapping() && request.globals().empty()) {
    source.problems.Add(source.node->mark, "set is empty; variables and their values were expected");
  }
  ReadExpected(source);
  return SetShape();
}

Shape ReadGlobals(StepSource& source) {
  GlobalsShape shape;
  auto& request = As<ReadGlobalsRequest>(*source.call.request);
  ReadNames(source.node, request, source.problems);
  for (const NodePair& pair : source.expect_node->pairs) {
    const std::string& name = pair.key->text;
    if (IsOfFailure(name) || source.expect.Find(name) == nullptr) continue;
    AddName(name, request);
    shape.globals.push_back({{name, pair.value}, ReadValuePattern(pair.value, source.problems)});
  }
  if (request.names().empty() && (source.node->IsNull() || source.node->IsSequence())) {
    source.problems.Add(source.node->mark,
                        "globals names no variable: list some, or expect some, such as {counter: 3}");
  }
  if (source.within != nullptr && shape.globals.empty()) {
    source.problems.Add(source.within->mark, "within has nothing to wait for: the step has no expect");
  }
  RequestPatterns(shape, request);
  return shape;
}

}  // namespace bpfrig::client::plan
