#include "client/schema/plan_schema.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/fields/keys.h"
#include "client/plan/fields/tags.h"
#include "client/plan/steps/step_reader.h"
#include "client/schema/comments.h"
#include "client/schema/field_schema.h"
#include "client/schema/key_schema.h"
#include "proto/rules/call_traits.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::schema {
namespace {

using google::protobuf::MethodDescriptor;
using plan::StepKeys;

class SchemaBuilder {
 public:
  Json Build() {
    Json plan = KeysSchema(plan::kPlanKeys);
    // A file that is only included has neither.
    plan.erase("required");
    plan["dependencies"] = {{"name", {"tests"}}, {"tests", {"name"}}};
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "A plan of bpfrig"}};
    schema.update(plan);
    definitions_[kTest] = KeysSchema(plan::kTestKeys);
    AddSteps();
    AddBasics();
    for (const auto* part : {v1::OpenSandboxRequest::descriptor(), v1::TupleReference::descriptor()}) {
      static_cast<void>(fields_.RequestPart(*part));
    }
    definitions_[v1::OpenSandboxRequest::descriptor()->name()]["description"] = "What a test's sandbox has.";
    schema["definitions"] = definitions_;
    return schema;
  }

 private:
  void AddBasics() {
    definitions_[kVariable] = {{"description", "`${name}`, replaced before anything is typed."},
                               {"type", "string"},
                               {"pattern", "\\$\\{"}};
    definitions_[kBytes] = {
        {"description",
         "Bytes: `!text`, `!hex`, `!ip`, `!be16`, `!be32`, `!be64` or `!concat` of these; `\"\"` is none."},
        {"type", {"string", "array"}}};
    Json& entry = definitions_[v1::SeedEntry::descriptor()->name()];
    entry = WithKeys(plan::kEntryKeys.keys, entry);
    definitions_[kExpectedEntry] = KeysSchema(plan::kExpectedEntryKeys);
    definitions_[kExpectedEntry]["minProperties"] = 1;
  }

  // A step has one call and what stands beside it; what may be expected depends on the call.
  void AddSteps() {
    Json properties = Json::object();
    std::vector<Json> calls;
    Json rules = Json::array();
    for (int i = 0; i < rules::Service().method_count(); ++i) {
      const MethodDescriptor& method = *rules::Service().method(i);
      const std::string& name = rules::StepOf(method).name();
      if (name.empty()) continue;
      definitions_[kStepPrefix + name] = Request(method);
      definitions_[kExpectPrefix + name] = Expected(method);
      // Of a stream, the request is one message among others.
      properties[name] = Described(
          OrVariable(Reference(kStepPrefix + name)), "",
          CommentOf(method.client_streaming() ? method.full_name() : method.input_type()->full_name()));
      calls.push_back({{"required", {name}}});
      rules.push_back(RuleOf(method));
    }
    properties["use"] =
        Described(AnyOf({Text(), KeysSchema(plan::kUseKeys)}), "the name of a piece, or a mapping",
                  "Stands for the steps of one of the plan's `pieces`. Nothing stands beside it.");
    calls.push_back({{"required", {"use"}}, {"maxProperties", 1}});
    properties.update(KeysSchema(plan::kBesideKeys)["properties"]);
    Json step = Mapping(std::move(properties), {});
    // A step that another mapping makes one.
    Json merged = {{"required", {"<<"}}, {"not", AnyOf(calls)}};
    calls.push_back(std::move(merged));
    step["oneOf"] = std::move(calls);
    step["allOf"] = std::move(rules);
    definitions_[kStep] = std::move(step);
  }

  // What follows for the keys beside a call.
  static Json RuleOf(const MethodDescriptor& method) {
    const auto& step = rules::StepOf(method);
    Json beside = {{"expect", OrVariable(Reference(kExpectPrefix + step.name()))}};
    if (!step.repeat()) beside["repeat"] = false;
    return {{"if", {{"required", {step.name()}}}}, {"then", {{"properties", std::move(beside)}}}};
  }

  Json Request(const MethodDescriptor& method) {
    const std::string& step = rules::StepOf(method).name();
    const StepKeys keys = plan::KeysOfStep(step);
    if (keys.form == StepKeys::Form::kVariables) return {{"type", "object"}, {"minProperties", 1}};
    // Nothing at all stands for those that are expected.
    if (keys.form == StepKeys::Form::kNames) return {{"type", {"array", "null"}}, {"items", Text()}};
    Json request = WithKeys(keys.request, fields_.Request(*method.input_type()));
    for (const plan::OtherWords& other : keys.in_other_words) {
      request["properties"].erase(std::string(other.field));
    }
    return request;
  }

  Json Expected(const MethodDescriptor& method) {
    const StepKeys keys = plan::KeysOfStep(rules::StepOf(method).name());
    Json expected = keys.answer ? fields_.Expected(*method.output_type()) : Mapping(Json::object(), {});
    expected = WithKeys(keys.expected, std::move(expected));
    if (keys.answer && rules::StepOf(method).repeat())
      expected = WithKeys(plan::kRepeatedKeys.keys, std::move(expected));
    for (const plan::Key& key : plan::kFailureKeys.keys) {
      // An answer may have an errno of its own.
      if (!expected["properties"].contains(key.name))
        expected["properties"][std::string(key.name)] = KeySchema(key);
    }
    if (keys.form == StepKeys::Form::kNames) expected["additionalProperties"] = true;
    expected["minProperties"] = 1;
    return expected;
  }

  // Those that differ from the fields of the same name take their places; the others stand first.
  static Json WithKeys(absl::Span<const plan::Key> keys, Json mapping) {
    Json properties = Json::object();
    for (const plan::Key& key : keys) {
      const std::string name(key.name);
      Json schema = KeySchema(key);
      if (!key.required.empty()) mapping["required"].push_back(name);
      Json& fields = mapping["properties"];
      if (!fields.contains(name)) {
        properties[name] = std::move(schema);
        continue;
      }
      const Json field = fields[name];
      for (const char* words : {"title", "description"}) {
        if (!schema.contains(words) && field.contains(words)) schema[words] = field[words];
      }
      fields[name] = std::move(schema);
    }
    properties.update(mapping["properties"]);
    mapping["properties"] = std::move(properties);
    return mapping;
  }

  Json definitions_ = Json::object();
  FieldSchemas fields_{definitions_};
};

void LetMergedKeysCount(Json& schema) {
  if (!schema.is_structured()) return;
  for (Json& part : schema) LetMergedKeysCount(part);
  if (!schema.is_object() || !schema.contains("patternProperties") || !schema.contains("required")) return;
  Json required = std::move(schema["required"]);
  schema.erase("required");
  schema["allOf"].push_back(AnyOf({{{"required", std::move(required)}}, {{"required", {"<<"}}}}));
}

void AddTag(const plan::TagWords& words, Json& tags) {
  using plan::Operand;
  const auto add = [&](const char* kind) { tags.push_back(absl::StrCat(words.tag, " ", kind)); };
  const Operand operand = words.operand;
  if (operand != Operand::kList && operand != Operand::kMapping) add("scalar");
  if (operand == Operand::kList || operand == Operand::kTextOrList || operand == Operand::kAny)
    add("sequence");
  if (operand == Operand::kMapping || operand == Operand::kTextOrMapping || operand == Operand::kAny)
    add("mapping");
}

}  // namespace

Json PlanSchema() { return SchemaBuilder().Build(); }

Json SchemaForEditors() {
  Json schema = PlanSchema();
  LetMergedKeysCount(schema);
  return schema;
}

Json CustomTags() {
  Json tags = Json::array();
  for (const plan::TagWords& words : plan::ValueTags()) AddTag(words, tags);
  for (const plan::TagWords& words : plan::Matchers()) AddTag(words, tags);
  return tags;
}

}  // namespace bpfrig::client::schema
