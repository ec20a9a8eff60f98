// The reader of load: `object` names one of the plan's files, and so does the object in the sandbox if it has
// no name.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bpfrig/v1/program.pb.h"
#include "client/plan/fields/keys.h"
#include "client/plan/steps/shapes.h"
#include "client/plan/yaml/scalars.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

std::shared_ptr<const std::string> FindObject(const std::string& name, const Mark& mark, StepSource& source) {
  const auto found = source.objects.find(name);
  if (found != source.objects.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [object, bytes] : source.objects) known.push_back(object);
  source.problems.Add(
      mark, known.empty() ? absl::StrCat("object \"", name, "\": the plan has no objects")
                          : absl::StrCat("object \"", name, "\" is not among the plan's objects",
                                         common::DidYouMean(name, known), ": ", absl::StrJoin(known, ", ")));
  return nullptr;
}

constexpr char kExcept[] = "programs_except";
constexpr char kAttachAll[] = "attach_all";

NodePtr Scalar(const Mark& mark, absl::string_view text) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::kScalar;
  node->mark = mark;
  node->text = std::string(text);
  return node;
}

// The names of an exception; false, with a problem, if they are none.
bool AreNames(const NodePtr& except, Problems& problems) {
  if (!except->IsSequence()) {
    problems.Add(except->mark, absl::StrCat("except must be a list of programs, not ", Describe(*except)));
    return false;
  }
  if (except->items.empty()) problems.Add(except->mark, "except is empty, and so says nothing");
  bool are_names = !except->items.empty();
  for (const NodePtr& item : except->items) {
    if (IsPlainText(*item)) continue;
    problems.Add(item->mark, absl::StrCat("except lists names of programs, not ", Describe(*item)));
    are_names = false;
  }
  return are_names;
}

// `programs: {except: [x]}` as programs_except; nothing, with a problem, if it is neither that nor a list.
std::optional<NodePair> WriteOutPrograms(const NodePair& pair, Problems& problems) {
  if (!pair.value->IsMapping()) return pair;
  FieldReader fields(pair.value, kExceptKeys, problems);
  const NodePtr except = fields.Require("except");
  if (except == nullptr || !AreNames(except, problems)) return std::nullopt;
  return NodePair{Scalar(except->mark, kExcept), except};
}

// The same of `attach: all`.
std::optional<NodePair> WriteOutAttach(const NodePair& pair, Problems& problems) {
  const Node& value = *pair.value;
  if (!IsPlainText(value)) return pair;
  if (value.text == "all") return NodePair{Scalar(pair.key->mark, kAttachAll), Scalar(value.mark, "true")};
  problems.Add(value.mark, absl::StrCat("attach must be a list of programs, or all, not ", Describe(value),
                                        common::DidYouMean(value.text, {"all"})));
  return std::nullopt;
}

// Whether the plan says something of a log, of `loaded` or `rejected`.
bool ExpectsLog(const Pattern& expected) {
  return std::any_of(expected.parts.begin(), expected.parts.end(), [](const Pattern& answer) {
    return FindPart(answer, "log") != nullptr || FindPart(answer, "log_contains") != nullptr;
  });
}

}  // namespace

NodePtr WriteOutLoad(const NodePtr& load, Problems& problems) {
  if (!load->IsMapping()) return load;
  auto written = std::make_shared<Node>(*load);
  written->pairs.clear();
  for (const NodePair& pair : load->pairs) {
    std::optional<NodePair> field = pair;
    if (pair.key->text == "programs") field = WriteOutPrograms(pair, problems);
    if (pair.key->text == "attach") field = WriteOutAttach(pair, problems);
    for (const auto& [name, words] : KeysOfStep("load").in_other_words) {
      if (pair.key->text != name) continue;
      problems.Add(pair.key->mark, absl::StrCat("unknown key \"", name, "\" in load; a plan writes ", words));
      field.reset();
    }
    if (field) written->pairs.push_back(*field);
  }
  return written;
}

Shape ReadLoad(StepSource& source) {
  LoadShape shape;
  auto& request = As<bpfrig::v1::LoadProgramRequest>(*source.call.request);
  MessageReader reader(source.problems);
  NodePtr object = source.fields.Find("object");
  if (object == nullptr) {
    const Key& key = KeysOfStep("load").request.front();
    source.fields.Lacks(key.name, absl::StrCat(key.name, " is missing; ", key.required, " was expected"));
  }
  std::string name;
  if (object != nullptr) {
    name = ReadName(object, "object", source.problems);
    if (!name.empty()) shape.object = FindObject(name, object->mark, source);
  }
  for (const OtherWords& other : KeysOfStep("load").in_other_words) source.fields.Unlist(other.field);
  reader.Read(source.fields, request);
  if (request.name().empty()) request.set_name(name);
  // What the object lacks was said.
  if (name.empty()) reader.Ignore("name");
  reader.CheckRules(source.fields, source.node, request);
  ReadExpected(source);
  shape.wants_log = request.log_level() > 0 || ExpectsLog(source.call.expected);
  return shape;
}

}  // namespace bpfrig::client::plan
