#include "tests/reference/reference_page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "bpfrig/v1/error.pb.h"
#include "client/plan/fields/keys.h"
#include "client/plan/fields/tags.h"
#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/scalars.h"
#include "client/schema/comments.h"
#include "client/schema/plan_schema.h"
#include "proto/rules/call_traits.h"
#include "proto/rules/field_words.h"
#include "proto/rules/reason_name.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::tests {
namespace {

using client::schema::CommentOf;
using client::schema::Json;

// A table's cell.
std::string Cell(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }
std::string Code(absl::string_view text) { return absl::StrCat("`", text, "`"); }

// "Socket address" of SocketAddress and of expect.SocketAddress.
std::string HeadingOf(const std::string& definition) {
  std::string heading;
  const std::vector<std::string> parts = absl::StrSplit(definition, '.');
  for (const char c : parts.back()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !heading.empty()) heading.push_back(' ');
    heading.push_back(heading.empty() ? c : absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  if (heading == "Open sandbox request") return "Sandbox";
  return heading == "expected-entry" ? "Expected entry" : heading;
}

std::string LinkTo(const std::string& heading) {
  return absl::StrCat("[", absl::AsciiStrToLower(heading), "](#",
                      absl::StrReplaceAll(absl::AsciiStrToLower(heading), {{" ", "-"}}), ")");
}

class Page {
 public:
  Page() : schema_(client::schema::PlanSchema()), definitions_(schema_["definitions"]) {}

  std::string Make(const std::string& attach_types) {
    Add("## A plan");
    Table(schema_, {"name", "tests"});
    Add("## A test");
    Table(definitions_["test"]);
    Add("## Steps\nA step is one call, and what stands beside it:");
    Beside();
    Calls();
    Add("## Parts\nMappings that stand under several keys.");
    Parts();
    Tags();
    Reasons();
    Waits();
    Places(attach_types);
    return std::move(text_);
  }

 private:
  void Add(const std::string& text) { absl::StrAppend(&text_, text, "\n\n"); }

  // Whether a definition has a section of its own.
  [[nodiscard]] bool IsPart(const std::string& name) const {
    return definitions_.contains(name) && name != client::schema::kVariable &&
           name != client::schema::kBytes && name != client::schema::kStep && name != client::schema::kTest &&
           !IsOfStep(name);
  }
  static bool IsOfStep(const std::string& name) {
    return absl::StartsWith(name, client::schema::kStepPrefix) ||
           (absl::StartsWith(name, client::schema::kExpectPrefix) &&
            absl::ascii_islower(static_cast<unsigned char>(name[7])));
  }

  // The parts that a place refers to.
  void FindParts(const Json& place, std::vector<std::string>& names) const {
    if (!place.is_structured()) return;
    if (place.is_object() && place.contains("$ref")) {
      const std::vector<std::string> path = absl::StrSplit(std::string(place["$ref"]), '/');
      const std::string link = IsPart(path.back()) ? LinkTo(HeadingOf(path.back())) : "";
      if (!link.empty() && std::find(names.begin(), names.end(), link) == names.end()) names.push_back(link);
      return;
    }
    for (const Json& below : place) FindParts(below, names);
  }

  // The keys of a mapping, which `always` are required beside those that it says itself.
  void Table(const Json& mapping, std::vector<std::string> required = {}) {
    for (const Json& key : mapping.value("required", Json::array())) required.push_back(key);
    std::string table = "| key | takes | means |\n|---|---|---|\n";
    for (const auto& [key, place] : mapping["properties"].items()) {
      const bool is_required = std::find(required.begin(), required.end(), key) != required.end();
      std::vector<std::string> parts;
      FindParts(place, parts);
      absl::StrAppend(&table, "| ", Code(key), is_required ? ", required" : "", " | ",
                      Cell(place.value("title", "")),
                      parts.empty() ? "" : absl::StrCat(" (", absl::StrJoin(parts, ", "), ")"), " | ",
                      Cell(place.value("description", "")), " |\n");
    }
    absl::StrAppend(&text_, table, "\n");
  }

  void Beside() {
    Json beside = {{"properties", Json::object()}};
    const Json& properties = definitions_["step"]["properties"];
    beside["properties"]["use"] = properties["use"];
    for (const auto& key : client::plan::kBesideKeys.keys) {
      beside["properties"][std::string(key.name)] = properties[std::string(key.name)];
    }
    Table(beside);
  }

  void Calls() {
    for (int i = 0; i < rules::Service().method_count(); ++i) {
      const auto& method = *rules::Service().method(i);
      const auto& step = rules::StepOf(method);
      if (step.name().empty()) continue;
      const Json& request = definitions_["step." + step.name()];
      const std::string means = definitions_["step"]["properties"][step.name()].value("description", "");
      Add(absl::StrCat("### ", step.name(), "\n", means, step.repeat() ? " It takes `repeat`." : ""));
      if (request.contains("properties")) {
        Table(request);
      } else {
        Add(step.name() == "set" ? "It is a mapping of variables to values."
                                 : "It is a list of variables, or empty: then those that are expected.");
      }
      const Json& expected = definitions_["expect." + step.name()];
      Add(expected["additionalProperties"] == Json(true) ? "Expected: variables with their values, and"
                                                         : "Expected:");
      Table(expected);
    }
  }

  void Parts() {
    std::vector<std::string> done;
    for (const auto& [name, definition] : definitions_.items()) {
      const std::string heading = HeadingOf(name);
      if (!IsPart(name) || std::find(done.begin(), done.end(), heading) != done.end()) continue;
      done.push_back(heading);
      const std::string comment = definition.value("description", "");
      Add(absl::StrCat("### ", heading, comment.empty() ? "" : "\n", comment));
      // Those of an answer may have a matcher in their place.
      Table(definition.contains("properties") ? definition : definition["anyOf"][0]);
    }
  }

  void Tags() {
    Add("## Tags of values\nWhere a value or bytes are asked for.");
    TagTable("writes", client::plan::ValueTags());
    Add("## Matchers\nIn expectations, where a value can stand. A plain value is equality.");
    TagTable("holds if the value", client::plan::Matchers());
  }

  void TagTable(const char* verb, const std::vector<client::plan::TagWords>& tags) {
    std::string table = absl::StrCat("| tag | ", verb, " |\n|---|---|\n");
    for (const auto& words : tags) {
      absl::StrAppend(&table, "| ", Code(words.example), " | ", Cell(std::string(words.means)), " |\n");
    }
    absl::StrAppend(&text_, table, "\n");
  }

  void Reasons() {
    Add("## Error reasons\nWhy a call failed. A step can expect those with a yes; the others are failures of "
        "the rig.");
    const std::vector<std::string> expectable = client::plan::ExpectableReasons();
    std::string table = "| reason | means | `expect: {error: ...}` |\n|---|---|---|\n";
    const auto& reasons = *v1::ErrorReason_descriptor();
    for (int i = 1; i < reasons.value_count(); ++i) {
      const auto& value = *reasons.value(i);
      const std::string name = rules::ReasonName(static_cast<v1::ErrorReason>(value.number()));
      const bool is_expected = std::find(expectable.begin(), expectable.end(), name) != expectable.end();
      absl::StrAppend(&table, "| ", Code(name), " | ", Cell(CommentOf(value.full_name())), " | ",
                      is_expected ? "yes" : "no", " |\n");
    }
    absl::StrAppend(&text_, table, "\n");
  }

  void Waits() {
    Add("## How long things wait");
    std::string table = "| what | if nothing is said | at most |\n|---|---|---|\n";
    const auto row = [&](const std::string& what, const std::string& usual, uint64_t most_s) {
      absl::StrAppend(&table, "| ", what, " | ", usual, " | ", most_s, "s |\n");
    };
    for (int i = 0; i < rules::Service().method_count(); ++i) {
      const auto& method = *rules::Service().method(i);
      if (rules::StepOf(method).name().empty()) continue;
      for (int j = 0; j < method.input_type()->field_count(); ++j) {
        const auto& field = *method.input_type()->field(j);
        if (!rules::IsWait(field) || rules::IsHidden(field)) continue;
        const bool has_default = rules::RulesOf(field).number() == v1::NUMBER_RULE_TIMEOUT;
        row(absl::StrCat("`", rules::PlanName(field), "` of `", rules::StepOf(method).name(), "`"),
            has_default
                ? absl::StrCat(rules::kDefaultTimeoutMs / 1000, "s")
                : absl::StrCat(
                      client::plan::kDefaultEventsWaitMs / 1000,
                      "s, if records are expected or `at_least` is given; otherwise it does not wait"),
            rules::kMaxWaitMs / 1000);
      }
    }
    row("`within` of a step", "the step is done once", rules::kMaxWaitMs / 1000);
    const auto most = static_cast<uint64_t>(client::plan::kMaxTimeout.count() / 1000);
    row("`timeout` of a step", "none of its own", most);
    row("`timeout` of a test", "`bpfrig run --timeout`, or none", most);
    absl::StrAppend(&text_, table, "\n");
  }

  // The rows of a table that a kernel's test has made, by where programs go.
  void Places(const std::string& attach_types) {
    Add("## Where programs attach\nWhich step makes each of them run: [attach-types.md](attach-types.md).");
    std::vector<std::pair<std::string, std::vector<std::string>>> places;
    for (const absl::string_view line : absl::StrSplit(attach_types, '\n')) {
      const std::vector<std::string> cells = absl::StrSplit(line, " | ");
      if (!absl::StartsWith(line, "| `") || cells.size() != 5) continue;
      if (places.empty() || places.back().first != cells[2]) places.push_back({cells[2], {}});
      const std::string since = cells[3] == "5.10" ? "" : absl::StrCat(" (Linux ", cells[3], ")");
      places.back().second.push_back(cells[1] + since);
    }
    std::string table = "| where | sections of programs |\n|---|---|\n";
    for (const auto& [where, sections] : places) {
      absl::StrAppend(&table, "| ", where, " | ", absl::StrJoin(sections, ", "), " |\n");
    }
    absl::StrAppend(&text_, table);
  }

  const Json schema_;
  const Json& definitions_;
  std::string text_;
};

}  // namespace

std::string ReferenceTables(const std::string& attach_types) { return Page().Make(attach_types); }

std::string EditorSettings() {
  return absl::StrCat("{\n  \"yaml.customTags\": ", client::schema::CustomTags().dump(), "\n}\n");
}

}  // namespace bpfrig::tests
