#include "client/plan/step.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "client/plan/field_path.h"

namespace bpfrig::client::plan {
namespace {

// A pattern of the request, and the rest of the path.
struct PatternPlace {
  const PatternSource* source = nullptr;
  absl::string_view rest;
};

PatternPlace FindPattern(const Shape& shape, absl::string_view path) {
  const std::vector<PatternSource>* sources = nullptr;
  if (const auto* dump = std::get_if<DumpShape>(&shape)) sources = &dump->sources;
  if (const auto* events = std::get_if<EventsShape>(&shape)) sources = &events->sources;
  if (const auto* option = std::get_if<SocketOptionShape>(&shape)) sources = &option->sources;
  if (sources == nullptr || !absl::ConsumePrefix(&path, "patterns[")) return {};
  const size_t end = path.find(']');
  size_t index = 0;
  if (end == absl::string_view::npos || !absl::SimpleAtoi(path.substr(0, end), &index) ||
      index >= sources->size()) {
    return {};
  }
  return {&(*sources)[index], path.substr(end + 1)};
}

}  // namespace

std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type) {
  auto* const factory = google::protobuf::MessageFactory::generated_factory();
  return std::unique_ptr<google::protobuf::Message>(factory->GetPrototype(&type)->New());
}

Mark MarkOfField(const Step& step, absl::string_view path) {
  if (path.empty()) return step.mark;
  const PatternPlace pattern = FindPattern(step.shape, path);
  if (pattern.source != nullptr) return WalkPath(pattern.source->node, nullptr, pattern.rest)->mark;
  return WalkPath(step.node, step.call.method->input_type(), path)->mark;
}

std::string WordsOfField(const Step& step, absl::string_view path) {
  const PatternPlace pattern = FindPattern(step.shape, path);
  if (pattern.source != nullptr) return absl::StrCat(pattern.source->name, pattern.rest);
  if (std::holds_alternative<LoadShape>(step.shape)) {
    // As WriteOutLoad found them.
    if (absl::ConsumePrefix(&path, "programs_except")) return absl::StrCat("programs.except", path);
    if (path == "attach_all") return "attach";
  }
  return PlanPath(step.call.method->input_type(), path);
}

}  // namespace bpfrig::client::plan
