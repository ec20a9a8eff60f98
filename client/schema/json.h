// What the schema is built of. Its keywords are those of draft-07, which editors read; `title` says in a few
// words what a place takes, `description` what it means.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::schema {

// Keys stay in the order in which people are told of them.
using Json = nlohmann::ordered_json;

// A definition of the schema, by its name.
inline Json Reference(const std::string& name) { return {{"$ref", absl::StrCat("#/definitions/", name)}}; }

// The names of those that do not come from the API.
inline constexpr char kVariable[] = "variable";
inline constexpr char kBytes[] = "bytes";
inline constexpr char kStep[] = "step";
inline constexpr char kTest[] = "test";
inline constexpr char kExpectedEntry[] = "expected-entry";
// What begins the names of steps' requests and expectations, and of messages in expectations.
inline constexpr char kStepPrefix[] = "step.";
inline constexpr char kExpectPrefix[] = "expect.";

inline Json AnyOf(std::vector<Json> alternatives) { return {{"anyOf", std::move(alternatives)}}; }
// `${name}` can stand for anything in a test.
inline Json OrVariable(Json schema) { return AnyOf({std::move(schema), Reference(kVariable)}); }
inline Json ListOf(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
inline Json MappingOf(Json values) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}};
}
// Text that a plan writes without quotes may look like a number.
inline Json Text() { return {{"type", {"string", "number", "boolean"}}}; }
inline Json Duration() { return {{"type", "string"}, {"pattern", "^(0x[0-9a-fA-F]+|[0-9]+)(ms|s)$|\\$\\{"}}; }

inline Json Described(Json schema, const std::string& title, const std::string& description) {
  Json described;
  if (!title.empty()) described["title"] = title;
  if (!description.empty()) described["description"] = description;
  described.update(schema);
  return described;
}

// A mapping of these keys and no others, but for `<<`, which adds those of another mapping.
inline Json Mapping(Json properties, std::vector<std::string> required) {
  Json mapping = {{"type", "object"},
                  {"properties", std::move(properties)},
                  {"patternProperties", {{"^<<$", Reference(kVariable)}}},
                  {"additionalProperties", false}};
  if (!required.empty()) mapping["required"] = std::move(required);
  return mapping;
}

}  // namespace bpfrig::client::schema
