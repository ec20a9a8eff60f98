// The reader of load: `object` names one of the plan's files, and so does the object in the sandbox if it has
// no name.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bpfrig/v1/program.pb.h"
#include "client/plan/scalars.h"
#include "client/plan/shapes.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

std::shared_ptr<const std::string> FindObject(const std::string& name, const Mark& mark, StepSource& source) {
  const auto found = source.objects.find(name);
  if (found != source.objects.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [object, bytes] : source.objects) known.push_back(object);
  source.problems.Add(mark, absl::StrCat("object \"", name, "\" is not among the plan's objects",
                                         common::DidYouMean(name, known), ": ", absl::StrJoin(known, ", ")));
  return nullptr;
}

NodePtr Scalar(const Mark& mark, absl::string_view text) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::kScalar;
  node->mark = mark;
  node->text = std::string(text);
  return node;
}

// The pair itself, if there is nothing to write out.
NodePair WriteOut(const NodePair& pair) {
  const Node& value = *pair.value;
  if (pair.key->text == "programs" && value.IsMapping() && value.tag.empty() && value.pairs.size() == 1 &&
      value.pairs[0].key->text == "except") {
    return {Scalar(value.pairs[0].key->mark, "programs_except"), value.pairs[0].value};
  }
  if (pair.key->text == "attach" && IsPlainText(value) && !value.quoted && value.text == "all") {
    return {Scalar(pair.key->mark, "attach_all"), Scalar(value.mark, "true")};
  }
  return pair;
}

}  // namespace

NodePtr WriteOutLoad(const NodePtr& load) {
  if (!load->IsMapping()) return load;
  auto written = std::make_shared<Node>(*load);
  std::transform(load->pairs.begin(), load->pairs.end(), written->pairs.begin(), WriteOut);
  return written;
}

Shape ReadLoad(StepSource& source) {
  LoadShape shape;
  auto& request = As<bpfrig::v1::LoadProgramRequest>(*source.call.request);
  MessageReader reader(source.problems);
  NodePtr object = source.fields.Find("object");
  if (object == nullptr) {
    source.fields.Lacks("object", "object is missing; the name of one of the plan's objects was expected");
  }
  std::string name;
  if (object != nullptr) {
    name = ReadName(object, "object", source.problems);
    if (!name.empty()) shape.object = FindObject(name, object->mark, source);
  }
  reader.Read(source.fields, request);
  if (request.name().empty()) request.set_name(name);
  // What the object lacks was said.
  if (name.empty()) reader.Ignore("name");
  reader.CheckRules(source.fields, source.node, request);
  ReadExpected(source);
  return shape;
}

}  // namespace bpfrig::client::plan
