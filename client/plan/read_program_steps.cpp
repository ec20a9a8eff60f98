// The readers of load, attach, detach and run.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/scalars.h"
#include "client/plan/step_reader.h"
#include "client/plan/values.h"
#include "common/near_names.h"

namespace bpfrig::client::plan {
namespace {

using bpfrig::v1::AttachTarget;
using bpfrig::v1::LoadProgramRequest;

// Sets a text field from a key that may be missing.
void TakeText(FieldReader& fields, absl::string_view key, Problems& problems, std::string* target) {
  if (NodePtr node = fields.Find(key)) *target = ReadText(node, key, problems);
}

std::shared_ptr<const std::string> FindObject(const std::string& name, const Mark& mark, StepSource& source) {
  auto found = source.objects.find(name);
  if (found != source.objects.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [object, bytes] : source.objects) known.push_back(object);
  source.problems.Add(mark, absl::StrCat("object \"", name, "\" is not among the plan's objects",
                                         common::DidYouMean(name, known), ": ", absl::StrJoin(known, ", ")));
  return nullptr;
}

void ReadGlobals(const NodePtr& node, LoadProgramRequest& request, Problems& problems) {
  if (!node->IsMapping()) {
    problems.Add(node->mark,
                 absl::StrCat("globals must be a mapping of names to values, not ", Describe(*node)));
    return;
  }
  for (const NodePair& pair : node->pairs) {
    auto* global = request.add_globals();
    global->set_name(pair.key->text);
    *global->mutable_value() = ReadValue(pair.value, problems);
  }
}

void ReadProgramSelection(const NodePtr& node, LoadProgramRequest& request, Problems& problems) {
  auto* selection = request.add_programs();
  if (node->IsScalar()) {
    selection->set_program(ReadText(node, "programs", problems));
    return;
  }
  FieldReader fields(node, "an entry of programs", problems);
  if (NodePtr program = fields.Require("program", "a program's name")) {
    selection->set_program(ReadText(program, "program", problems));
  }
  TakeText(fields, "type", problems, selection->mutable_type());
}

void ReadMapSettings(const NodePtr& node, LoadProgramRequest& request, Problems& problems) {
  auto* settings = request.add_maps();
  FieldReader fields(node, "an entry of maps", problems);
  if (NodePtr map = fields.Require("map", "a map's name")) settings->set_map(ReadText(map, "map", problems));
  if (NodePtr entries = fields.Find("max_entries")) {
    settings->set_max_entries(
        static_cast<uint32_t>(ReadUnsigned(entries, "max_entries", 1, UINT32_MAX, problems)));
  }
  TakeText(fields, "shared_with", problems, settings->mutable_shared_with());
  TakeText(fields, "inner_map", problems, settings->mutable_inner_map());
}

void ReadTargetFields(FieldReader& fields, AttachTarget& target, Problems& problems) {
  if (NodePtr program = fields.Require("program", "a program's name")) {
    target.set_program(ReadText(program, "program", problems));
  }
  if (NodePtr link = fields.Find("link")) target.set_link(ReadName(link, "link", problems));
  TakeText(fields, "map", problems, target.mutable_map());
  if (NodePtr egress = fields.Find("egress")) target.set_egress(ReadBool(egress, "egress", problems));
}

void ReadAttachTarget(const NodePtr& node, AttachTarget& target, Problems& problems) {
  if (node->IsScalar()) {
    target.set_program(ReadText(node, "attach", problems));
    return;
  }
  FieldReader fields(node, "an entry of attach", problems);
  ReadTargetFields(fields, target, problems);
}

ExpectedRejection ReadRejection(const NodePtr& node, Problems& problems) {
  ExpectedRejection rejection;
  rejection.mark = node->mark;
  FieldReader fields(node, "rejected", problems);
  const auto text = [&](absl::string_view key) {
    return TakeExpectation<std::string>(fields, key,
                                        [&](const NodePtr& value) { return ReadText(value, key, problems); });
  };
  rejection.errno_name = TakeExpectation<std::string>(
      fields, "errno", [&](const NodePtr& value) { return ReadErrnoName(value, "errno", problems); });
  rejection.program = text("program");
  rejection.map = text("map");
  rejection.log_contains = text("log_contains");
  rejection.hint_contains = text("hint_contains");
  return rejection;
}

// A program's return value: unsigned as the kernel has it, or negative as some programs write it.
uint32_t ReadReturnValue(const NodePtr& node, Problems& problems) {
  uint64_t magnitude = 0;
  if (node->IsScalar() && node->tag.empty() && !node->quoted &&
      ParseNumber(node->text, magnitude) == NumberKind::kNegative && magnitude <= uint64_t{1} << 31) {
    return static_cast<uint32_t>(uint64_t{0} - magnitude);
  }
  return static_cast<uint32_t>(ReadUnsigned(node, "return", 0, UINT32_MAX, problems));
}

}  // namespace

StepCall ReadLoad(StepSource& source) {
  LoadStep step;
  LoadProgramRequest& request = step.request;
  Problems& problems = source.problems;
  if (NodePtr object = source.fields.Require("object", "a name of the plan's objects:")) {
    request.set_name(ReadName(object, "object", problems));
    if (!request.name().empty()) step.object = FindObject(request.name(), object->mark, source);
  }
  if (NodePtr name = source.fields.Find("name")) request.set_name(ReadName(name, "name", problems));
  if (NodePtr types = source.fields.Find("types_only")) {
    request.set_types_only(ReadBool(types, "types_only", problems));
  }
  if (NodePtr globals = source.fields.Find("globals")) ReadGlobals(globals, request, problems);
  if (NodePtr programs = source.fields.Find("programs")) {
    ReadList(programs, "programs", problems,
             [&](const NodePtr& item) { ReadProgramSelection(item, request, problems); });
  }
  if (NodePtr maps = source.fields.Find("maps")) {
    ReadList(maps, "maps", problems, [&](const NodePtr& item) { ReadMapSettings(item, request, problems); });
  }
  if (NodePtr attach = source.fields.Find("attach")) {
    ReadList(attach, "attach", problems,
             [&](const NodePtr& item) { ReadAttachTarget(item, *request.add_attach(), problems); });
  }
  if (NodePtr rejected = source.expect.Find("rejected")) step.rejected = ReadRejection(rejected, problems);
  return step;
}

StepCall ReadAttach(StepSource& source) {
  AttachStep step;
  ReadTargetFields(source.fields, *step.request.mutable_target(), source.problems);
  return step;
}

StepCall ReadDetach(StepSource& source) {
  DetachStep step;
  if (NodePtr link = source.fields.Require("link", "a link's name")) {
    step.request.set_link(ReadName(link, "link", source.problems));
  }
  return step;
}

StepCall ReadRun(StepSource& source) {
  RunStep step;
  Problems& problems = source.problems;
  if (NodePtr program = source.fields.Require("program", "a program's name")) {
    step.request.set_program(ReadText(program, "program", problems));
  }
  if (NodePtr data = source.fields.Find("data")) step.request.set_data(ReadBytes(data, "data", problems));
  if (NodePtr context = source.fields.Find("context")) {
    step.request.set_context(ReadBytes(context, "context", problems));
  }
  if (NodePtr repeat = source.fields.Find("repeat_in_kernel")) {
    step.request.set_repeat(
        static_cast<uint32_t>(ReadUnsigned(repeat, "repeat_in_kernel", 1, 1'000'000, problems)));
  }
  step.return_value = TakeExpectation<uint32_t>(
      source.expect, "return", [&](const NodePtr& node) { return ReadReturnValue(node, problems); });
  step.data = TakeBytes(source, "data");
  step.context = TakeBytes(source, "context");
  return step;
}

}  // namespace bpfrig::client::plan
