#include "client/plan/steps/read_captures.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/yaml/rows.h"
#include "client/plan/yaml/scalars.h"
#include "common/near_names.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// What a plan can name. What the daemon made of a plan's own patterns is not a part of what came.
bool IsPart(const FieldDescriptor& field) { return !rules::IsHidden(field) && field.name() != "patterns"; }

std::vector<std::string> NamesIn(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) {
    if (IsPart(*type.field(i))) names.push_back(rules::PlanName(*type.field(i)));
  }
  return names;
}

const FieldDescriptor* FindField(const Descriptor& type, absl::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool is_meant = rules::PlanName(field) == name || rules::InPlan(field).alias() == name;
    if (is_meant && IsPart(field)) return &field;
  }
  return nullptr;
}

std::string NotIn(absl::string_view what, absl::string_view name, const std::vector<std::string>& names) {
  return absl::StrCat(what, " has no \"", name, "\"", common::DidYouMean(name, names),
                      names.empty() ? "; it is empty" : "; it has: ", absl::StrJoin(names, ", "));
}

// Whether only a run tells what is below: a value that the kernel's types or the plan's have.
bool IsOpen(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_BYTES ||
         field.message_type() == bpfrig::v1::Value::descriptor();
}

// Takes "name" or "[0]" off the path.
absl::string_view TakePart(absl::string_view& path) {
  if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  const size_t end = std::min(path.find_first_of(".[", 1), path.size());
  const absl::string_view part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

bool IsIndex(absl::string_view part) {
  size_t index = 0;
  return absl::ConsumePrefix(&part, "[") && absl::ConsumeSuffix(&part, "]") && absl::SimpleAtoi(part, &index);
}

// Why such an answer has no such part; empty if it may have one.
std::string WhyNoPart(const Descriptor& answer, absl::string_view path) {
  const Descriptor* type = &answer;
  std::string walked;
  bool is_list = false;
  while (!path.empty()) {
    const absl::string_view part = TakePart(path);
    const std::string here = walked.empty() ? "the answer" : walked;
    if (part.empty()) return absl::StrCat("after ", walked, ". a name was expected");
    absl::StrAppend(&walked, walked.empty() || part[0] == '[' ? "" : ".", part);
    if (is_list != (part[0] == '[')) {
      return is_list ? absl::StrCat(here, " is a list; ", here, "[0] is its first element")
                     : absl::StrCat(here, " is not a list");
    }
    if (is_list && !IsIndex(part)) return absl::StrCat(part, " is not an index such as [0]");
    if (!std::exchange(is_list, false)) {
      if (type == nullptr) return absl::StrCat(here, " is a single value, and has no \"", part, "\"");
      const FieldDescriptor* field = FindField(*type, part);
      if (field == nullptr) return NotIn(here, part, NamesIn(*type));
      if (IsOpen(*field)) return "";
      type = field->message_type();
      is_list = field->is_repeated();
    }
  }
  return "";
}

// The same of an answer that has variables.
std::string WhyNoVariable(const bpfrig::v1::ReadGlobalsRequest& request, absl::string_view path) {
  const std::vector<std::string> names = {request.names().begin(), request.names().end()};
  const std::string first(path.substr(0, path.find_first_of(".[")));
  return std::find(names.begin(), names.end(), first) == names.end() ? NotIn("the answer", first, names) : "";
}

std::string WhyNoPart(const Step& step, absl::string_view path) {
  if (path.empty()) return "";  // that was said
  if (std::holds_alternative<GlobalsShape>(step.shape)) {
    return WhyNoVariable(As<bpfrig::v1::ReadGlobalsRequest>(*step.call.request), path);
  }
  // An option's value by a type has that type's members.
  const bool is_typed = std::holds_alternative<SocketOptionShape>(step.shape) &&
                        !As<bpfrig::v1::GetSocketOptionRequest>(*step.call.request).type().empty();
  if (is_typed && absl::StartsWith(path, "value")) return "";
  return WhyNoPart(*step.call.method->output_type(), path);
}

}  // namespace

std::vector<Capture> ReadCaptures(const NodePtr& node, const Step& step, Problems& problems) {
  std::vector<Capture> captures;
  if (!node->IsMapping() || !node->tag.empty() || node->pairs.empty()) {
    problems.Add(node->mark,
                 absl::StrCat("capture must be a mapping of names to parts of the answer, such as "
                              "{port: local.port}, not ",
                              node->IsMapping() && node->tag.empty() ? "an empty one" : Describe(*node)));
    return captures;
  }
  for (const NodePair& pair : node->pairs) {
    Capture capture{pair.key->text, pair.value->mark, ReadText(pair.value, "capture", problems)};
    if (!IsVariableName(capture.name)) {
      problems.Add(pair.key->mark, absl::StrCat("a captured name must be letters, digits and '_', not \"",
                                                capture.name, "\""));
    }
    if (const std::string why_not = WhyNoPart(step, capture.path); !why_not.empty()) {
      problems.Add(pair.value->mark, why_not);
    }
    captures.push_back(std::move(capture));
  }
  return captures;
}

}  // namespace bpfrig::client::plan
