#include "client/plan/steps/step.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bpfrig/v1/program.pb.h"
#include "client/plan/fields/field_path.h"

namespace bpfrig::client::plan {
namespace {

// A pattern of the request, and the rest of the path.
struct PatternPlace {
  const PatternSource* source = nullptr;
  absl::string_view rest;
};

// What the plan has for one of the variables that globals reads.
PatternPlace FindVariable(const Step& step, absl::string_view path) {
  const auto* globals = std::get_if<GlobalsShape>(&step.shape);
  if (globals == nullptr || !absl::ConsumePrefix(&path, "names[")) return {};
  int index = 0;
  const auto& names = As<bpfrig::v1::ReadGlobalsRequest>(*step.call.request).names();
  if (!absl::SimpleAtoi(path.substr(0, path.find(']')), &index) || index >= names.size()) return {};
  for (const PatternSource& source : globals->sources) {
    if (source.name == names[index]) return {&source, ""};
  }
  return {};
}

PatternPlace FindIn(const std::vector<PatternSource>& sources, absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "patterns[")) return {};
  const size_t end = path.find(']');
  size_t index = 0;
  if (end == absl::string_view::npos || !absl::SimpleAtoi(path.substr(0, end), &index) ||
      index >= sources.size()) {
    return {};
  }
  return {&sources[index], path.substr(end + 1)};
}

PatternPlace FindPattern(const Step& step, absl::string_view path) {
  if (const PatternPlace variable = FindVariable(step, path); variable.source != nullptr) return variable;
  const Shape& shape = step.shape;
  if (const auto* run = std::get_if<RunShape>(&shape)) {
    if (absl::ConsumePrefix(&path, "context_fields")) return {&run->given, path};
    return absl::ConsumePrefix(&path, "context_") ? FindIn(run->sources, path) : PatternPlace();
  }
  const std::vector<PatternSource>* sources = nullptr;
  if (const auto* dump = std::get_if<DumpShape>(&shape)) sources = &dump->sources;
  if (const auto* events = std::get_if<EventsShape>(&shape)) sources = &events->sources;
  if (const auto* option = std::get_if<SocketOptionShape>(&shape)) sources = &option->sources;
  if (const auto* globals = std::get_if<GlobalsShape>(&shape)) sources = &globals->sources;
  return sources == nullptr ? PatternPlace() : FindIn(*sources, path);
}

// The path as the plan nests it: the variables of set stand in the step itself.
absl::string_view InPlan(const Step& step, absl::string_view path) {
  if (std::holds_alternative<SetShape>(step.shape)) absl::ConsumePrefix(&path, "globals.");
  return path;
}

}  // namespace

std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type) {
  auto* const factory = google::protobuf::MessageFactory::generated_factory();
  return std::unique_ptr<google::protobuf::Message>(factory->GetPrototype(&type)->New());
}

NodePtr NodeOfField(const Step& step, absl::string_view path) {
  const PatternPlace pattern = FindPattern(step, path);
  if (pattern.source != nullptr) return WalkPath(pattern.source->node, nullptr, pattern.rest);
  return WalkPath(step.node, step.call.method->input_type(), InPlan(step, path));
}

Mark MarkOfField(const Step& step, absl::string_view path) {
  return path.empty() ? step.mark : NodeOfField(step, path)->mark;
}

std::string WordsOfField(const Step& step, absl::string_view path) {
  const PatternPlace pattern = FindPattern(step, path);
  if (pattern.source != nullptr) return absl::StrCat(pattern.source->name, pattern.rest);
  if (std::holds_alternative<LoadShape>(step.shape)) {
    // As WriteOutLoad found them.
    if (absl::ConsumePrefix(&path, "programs_except")) return absl::StrCat("programs.except", path);
    if (path == "attach_all") return "attach";
  }
  return PlanPath(step.call.method->input_type(), InPlan(step, path));
}

}  // namespace bpfrig::client::plan
