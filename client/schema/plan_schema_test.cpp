// The schema against the plan reader: a mapping with a key that nobody reads is put in each place that the
// schema knows, and the reader's complaint lists the keys that it reads there. They are those of the schema.
#include "client/schema/plan_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/plan/plan_reader.h"

namespace bpfrig::client::schema {
namespace {

using Keys = std::set<std::string>;
// The whole plan, with that text in one place.
using Around = std::function<std::string(const std::string&)>;

constexpr char kUnknown[] = "zzzz";

// What the reader says of a key that it does not know, without the key; empty if it knows it.
std::string Complaint(const std::string& plan, const std::string& key) {
  plan::Problems problems;
  plan::ObjectFiles files({});
  static_cast<void>(plan::ReadPlanText(plan, "t.yaml", files, problems));
  for (const plan::Problem& problem : problems.Sorted()) {
    for (const char* what : {"key", "step"}) {
      absl::string_view rest = problem.message;
      if (absl::ConsumePrefix(&rest, absl::StrCat("unknown ", what, " \"", key, "\"")))
        return std::string(rest);
    }
  }
  return "";
}

// The names after a colon: "; keys here: a, b" or "; steps: a, b; beside one: c".
Keys Listed(const std::string& complaint) {
  Keys keys;
  for (const absl::string_view part : absl::StrSplit(complaint, "; ")) {
    const std::vector<std::string> halves = absl::StrSplit(part, absl::MaxSplits(": ", 1));
    if (halves.size() < 2) continue;
    for (const absl::string_view key : absl::StrSplit(halves[1], ", ")) keys.emplace(key);
  }
  return keys;
}

class SchemaWalk {
 public:
  explicit SchemaWalk(const Json& schema) : definitions_(schema["definitions"]) {}

  void Visit(const Json& place, const Around& around) {
    if (!place.is_object()) return;
    if (place.contains("$ref")) {
      const std::string name =
          absl::StrSplit(std::string(place["$ref"]), '/').operator std::vector<std::string>().back();
      if (seen_.insert(name).second) Visit(definitions_.at(name), around);
      return;
    }
    for (const char* all : {"anyOf", "allOf"}) {
      for (const Json& each : place.value(all, Json::array())) Visit(each, around);
    }
    if (place.contains("items")) {
      Visit(place["items"], [&](const std::string& text) { return around(absl::StrCat("[", text, "]")); });
    }
    if (place.contains("properties") && place.contains("additionalProperties")) VisitMapping(place, around);
  }

  [[nodiscard]] int mappings() const { return mappings_; }
  [[nodiscard]] const Keys& seen() const { return seen_; }

 private:
  void VisitMapping(const Json& mapping, const Around& around) {
    ++mappings_;
    const Json& properties = mapping["properties"];
    Compare(mapping, around);
    for (const auto& [key, place] : properties.items()) {
      Visit(place, [&, key = key](const std::string& text) { return around(With(properties, key, text)); });
    }
    // What a step's answer may be expected to have depends on the step.
    for (const Json& rule : mapping.value("allOf", Json::array())) {
      if (!rule.contains("if")) continue;
      const std::string step = rule["if"]["required"][0];
      Visit(rule["then"]["properties"]["expect"], [&](const std::string& text) {
        const std::string call = step == "globals" ? "[x]" : "{}";
        return around(absl::StrCat("{\"", step, "\": ", call, ", \"expect\": ", text, "}"));
      });
    }
  }

  // A mapping with one key. A test is read as far as it has a name and steps.
  static std::string With(const Json& properties, const std::string& key, const std::string& text) {
    const bool is_test = properties.contains("may_not_run");
    const std::string rest = is_test && key != "steps" ? ", \"steps\": [{\"detach\": {\"link\": x}}]" : "";
    return absl::StrCat("{\"", key, "\": ", text, rest, "}");
  }

  static void Compare(const Json& mapping, const Around& around) {
    const std::string plan = around(absl::StrCat("{\"", kUnknown, "\": 1}"));
    const std::string complaint = Complaint(plan, kUnknown);
    const bool takes_any = mapping["additionalProperties"] != Json(false);
    ASSERT_EQ(complaint.empty(), takes_any) << plan;
    const Keys read = Listed(complaint);
    for (const std::string& key : read) {
      EXPECT_TRUE(mapping["properties"].contains(key)) << key << " is read, and not in the schema: " << plan;
    }
    for (const auto& [key, place] : mapping["properties"].items()) {
      if (read.count(key) != 0) continue;
      const std::string with_key = around(absl::StrCat("{\"", key, "\": 1}"));
      EXPECT_EQ(Complaint(with_key, key), "") << key << " is in the schema, and not read: " << with_key;
    }
  }

  const Json& definitions_;
  Keys seen_;
  int mappings_ = 0;
};

TEST(PlanSchemaTest, HasTheKeysThatTheReaderReads) {
  const Json schema = PlanSchema();
  SchemaWalk walk(schema);
  walk.Visit(schema, [](const std::string& text) { return text; });
  walk.Visit(Reference("TupleReference"), [](const std::string& text) {
    return absl::StrCat("{\"setup\": [{\"set\": {\"x\": !tuple ", text, "}}]}");
  });
  EXPECT_GT(walk.mappings(), 50);
  Keys defined;
  for (const auto& [name, definition] : schema["definitions"].items()) defined.insert(name);
  EXPECT_EQ(walk.seen(), defined);
}

// Calls `look` for each key of the schema, with its place.
void ForEachKey(const Json& schema, const std::function<void(const std::string&, const Json&)>& look) {
  if (!schema.is_structured()) return;
  for (const auto& [name, below] : schema.items()) {
    if (name != "properties") {
      ForEachKey(below, look);
      continue;
    }
    for (const auto& [key, place] : below.items()) {
      look(key, place);
      ForEachKey(place, look);
    }
  }
}

TEST(PlanSchemaTest, ExplainsEveryKey) {
  ForEachKey(PlanSchema(), [](const std::string& key, const Json& place) {
    // Conditions of a mapping name keys, and do not explain them.
    if (!place.is_object() || place.contains("const") || place.size() == 1) return;
    EXPECT_NE(place.value("description", ""), "") << key << ": " << place;
  });
}

TEST(PlanSchemaTest, SaysWhatARequestsRulesSay) {
  const Json schema = PlanSchema();
  const Json& definitions = schema["definitions"];
  const Json& connect = definitions["step.connect"];
  EXPECT_EQ(connect["required"], Json({"to"}));
  EXPECT_EQ(connect["properties"]["timeout"]["title"], "a duration such as 500ms or 2s, from 1ms to 60s");
  EXPECT_THAT(connect["properties"]["timeout"]["description"], testing::HasSubstr("Default: 2s."));
  EXPECT_THAT(connect["properties"]["transport"].dump(), testing::HasSubstr("unix_datagram"));
  EXPECT_EQ(definitions["step.load"]["required"], Json({"object"}));
  EXPECT_THAT(definitions["step.load"]["properties"]["types_only"]["description"],
              testing::HasSubstr("Not with `globals`, `programs`, `maps`, `attach`."));
  EXPECT_THAT(definitions["expect.connect"]["properties"]["errno"]["title"], testing::HasSubstr("or none"));
  EXPECT_FALSE(definitions["step.connect"]["properties"].contains("sandbox"));
}

TEST(PlanSchemaTest, TellsEditorsOfEveryTag) {
  const Json tags = CustomTags();
  for (const char* tag :
       {"!ip scalar", "!concat sequence", "!socket scalar", "!socket mapping", "!not mapping"}) {
    EXPECT_NE(std::find(tags.begin(), tags.end(), tag), tags.end()) << tag;
  }
}

}  // namespace
}  // namespace bpfrig::client::schema
