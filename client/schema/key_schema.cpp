#include "client/schema/key_schema.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "client/plan/steps/step_reader.h"
#include "client/plan/yaml/scalars.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::client::schema {
namespace {

using plan::Takes;

// What a place takes, and its schema.
struct Place {
  std::string title;
  Json schema;
};

// A number or a percentage, or a matcher.
Json Count() {
  return AnyOf({{{"type", "integer"}, {"minimum", 0}},
                {{"type", "string"}, {"pattern", "^[0-9]|\\$\\{"}},
                {{"type", "array"}}});
}

// A list of messages that a plan may also write in another way.
Json ListOfParts(const google::protobuf::Descriptor& type) {
  return ListOf(AnyOf({Reference(type.name()), Text()}));
}

// 0..99, a list of keys and ranges, or a name for either.
Json KeyRanges() { return {{"type", {"string", "array"}}}; }

Json Steps() { return OrVariable(ListOf(OrVariable(Reference(kStep)))); }

Place DurationPlace(uint64_t greatest_ms) {
  return {absl::StrCat("a duration such as 500ms or 2s, from 1ms to ", greatest_ms / 1000, "s"), Duration()};
}

// What stands in a plan or a test, or beside a step.
Place PlaceOf(const plan::Key& key) {
  switch (key.takes) {
    case Takes::kText:
      return {"text", Text()};
    case Takes::kTexts:
      return {"a list of texts", OrVariable(ListOf(Text()))};
    case Takes::kTextOrTexts:
      return {"text, or a list of texts", AnyOf({Text(), ListOf(Text())})};
    case Takes::kDuration:
      return DurationPlace(key.name == "within" ? rules::kMaxWaitMs
                                                : static_cast<uint64_t>(plan::kMaxTimeout.count()));
    case Takes::kTrue:
      return {"true", {{"const", true}}};
    case Takes::kTimes:
      return {absl::StrCat("a number from 1 to ", plan::kMaxRepeats),
              OrVariable({{"type", "integer"}, {"minimum", 1}, {"maximum", plan::kMaxRepeats}})};
    case Takes::kVariables:
      return {"a mapping of names to values", OrVariable(MappingOf(Json::object()))};
    case Takes::kObjects:
      return {"a mapping of names to files", OrVariable(MappingOf(Text()))};
    case Takes::kTypes: {
      Json types = ListOf(Text());
      types["minItems"] = types["maxItems"] = 2;
      return {"a mapping of maps to types", MappingOf(AnyOf({Text(), std::move(types)}))};
    }
    case Takes::kRuns:
      return {"a mapping of programs to numbers", OrVariable(MappingOf(Count()))};
    case Takes::kCaptures:
      return {"a mapping of names to parts of the answer, as {port: local.port}",
              OrVariable(MappingOf(Text()))};
    case Takes::kMatrix:
      return {"a mapping of names to lists of values",
              OrVariable(MappingOf(OrVariable(ListOf(Json::object()))))};
    case Takes::kPieces:
      return {"a mapping of names to lists of steps", MappingOf(Steps())};
    case Takes::kRows:
      return {"a list of mappings of names to values", OrVariable(ListOf(OrVariable({{"type", "object"}})))};
    case Takes::kSandbox:
      return {"a mapping", OrVariable(Reference(v1::OpenSandboxRequest::descriptor()->name()))};
    case Takes::kTests:
      return {"a list of tests", ListOf(Reference(kTest))};
    case Takes::kSteps:
      return {"a list of steps", Steps()};
    case Takes::kExpect:
      return {"a mapping", OrVariable({{"type", "object"}})};
    default:
      return {};
  }
}

// What stands in a call or in its expectations.
Place PlaceInCall(const plan::Key& key) {
  switch (key.takes) {
    case Takes::kPrograms:
      return {"a list of programs, or {except: [program]}",
              AnyOf({ListOfParts(*v1::ProgramSelection::descriptor()), KeysSchema(plan::kExceptKeys),
                     Reference(kVariable)})};
    case Takes::kAttach:
      return {
          "a list of programs, or all",
          AnyOf({ListOfParts(*v1::AttachTarget::descriptor()), {{"const", "all"}}, Reference(kVariable)})};
    case Takes::kEntries:
      return {"a list of entries",
              OrVariable(ListOf(OrVariable(Reference(v1::SeedEntry::descriptor()->name()))))};
    case Takes::kKeys:
      return {"a range of keys such as 0..99, or a list of keys and ranges", KeyRanges()};
    case Takes::kContext:
      return {"a mapping of the context's fields to values, or bytes",
              AnyOf({{{"type", "object"}}, Reference(kBytes)})};
    case Takes::kExpectedEntries:
      return {"a list of entries", OrVariable(ListOf(OrVariable(Reference(kExpectedEntry))))};
    case Takes::kRecords:
      return {"a list of values", OrVariable(ListOf(Json::object()))};
    case Takes::kCount:
      return {"a number that is not negative", Count()};
    case Takes::kServers:
      return {"a list of servers", OrVariable(ListOf(Text()))};
    case Takes::kCpus:
      return {"one of all, any, sum", OrVariable({{"enum", {"all", "any", "sum"}}})};
    case Takes::kReason:
      return {"one of the reasons", OrVariable({{"enum", plan::ExpectableReasons()}})};
    case Takes::kErrno:
      return {"an errno by name such as ECONNREFUSED, or none", {{"type", {"string", "array"}}}};
    case Takes::kShares:
      return {"a mapping of fields to values and how many runs have them, as {server: {a: 40%}}",
              OrVariable(MappingOf(OrVariable(MappingOf(Count()))))};
    default:
      return {"a value", Json::object()};
  }
}

}  // namespace

Json KeySchema(const plan::Key& key) {
  Place place = PlaceOf(key);
  if (place.title.empty()) place = PlaceInCall(key);
  return Described(std::move(place.schema), place.title, std::string(key.means));
}

Json KeysSchema(const plan::KeyTable& table) {
  Json properties = Json::object();
  std::vector<std::string> required;
  for (const plan::Key& key : table.keys) {
    properties[std::string(key.name)] = KeySchema(key);
    if (!key.required.empty()) required.emplace_back(key.name);
  }
  return Mapping(std::move(properties), std::move(required));
}

}  // namespace bpfrig::client::schema
