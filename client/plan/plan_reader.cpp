#include "client/plan/plan_reader.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/keys.h"
#include "client/plan/plan_files.h"
#include "client/plan/test_reader.h"
#include "client/plan/yaml/rows.h"
#include "client/plan/yaml/scalars.h"
#include "client/plan/yaml/substitution.h"
#include "client/plan/yaml/yaml_reader.h"
#include "common/read_file.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

class PlanReader {
 public:
  PlanReader(ObjectFiles& files, const Variables& given, Problems& problems)
      : files_(files), given_(given), problems_(problems) {}

  Plan Read(const NodePtr& root, const std::string& path) {
    Plan plan;
    const std::vector<PlanFile> files = WithIncluded(root, path, problems_);
    for (const PlanFile& file : files) {
      if (file.root != root) {
        FieldReader fields(file.root, kIncludedKeys, problems_);
        ReadShared(fields, file.path, MapTypes::Origin::kIncluded);
      }
    }
    FieldReader fields(root, kPlanKeys, problems_);
    if (NodePtr name = fields.Require("name")) {
      plan.name = ReadLine(name, "name", problems_);
    }
    ReadShared(fields, path, MapTypes::Origin::kPlan);
    TakeVariables(plan);
    const size_t problems_before = problems_.Count();
    if (NodePtr tests = fields.Require("tests")) ReadTests(tests, plan);
    // A step that could not be read may be the one that uses it.
    if (problems_.Count() == problems_before) shared_.types->CheckUsed(problems_);
    // Its mistakes are to be found, also if there is no test that has them.
    if (plan.tests.empty()) static_cast<void>(ReadTestRow({}, nullptr, shared_, files_, problems_));
    return plan;
  }

 private:
  void ReadShared(FieldReader& fields, const std::string& path, MapTypes::Origin origin) {
    static_cast<void>(fields.Find("include"));  // plan_files.h has followed it.
    Shared shared;
    shared.path = path;
    shared.requires_features = fields.Find("requires");
    shared.tags = fields.Find("tags");
    if (NodePtr node = fields.Find("vars")) ReadVariables(node);
    shared.objects = fields.Find("objects");
    if (NodePtr node = fields.Find("types")) shared_.types->Read(node, origin, problems_);
    shared.sandbox = fields.Find("sandbox");
    if (NodePtr node = fields.Find("pieces")) ReadPieces(node);
    shared.setup = fields.Find("setup");
    shared.teardown = fields.Find("teardown");
    shared_.files.push_back(std::move(shared));
  }

  void ReadVariables(const NodePtr& node) {
    if (!node->IsMapping() || !node->tag.empty()) {
      problems_.Add(node->mark,
                    absl::StrCat("vars must be a mapping of names to values, not ", Describe(*node)));
      return;
    }
    for (const NodePair& pair : node->pairs) {
      if (IsVariableName(pair.key->text)) continue;
      problems_.Add(pair.key->mark, absl::StrCat("a variable's name must be letters, digits and '_', not \"",
                                                 pair.key->text, "\""));
    }
    // Those of the plan go before those of what it includes.
    shared_.variables = Overlay(node, shared_.variables);
  }

  // One variable may be made of those before it.
  void TakeVariables(Plan& plan) {
    if (shared_.variables == nullptr) return;
    auto known = std::make_shared<Node>(*shared_.variables);
    known->pairs.clear();
    for (const NodePair& pair : shared_.variables->pairs) {
      const std::string& name = pair.key->text;
      plan.variables.push_back(name);
      NodePtr value = GivenValue(name, *pair.value);
      if (value == nullptr)
        value = Substitute(pair.value, {nullptr, known, {}, shared_.variables}, problems_);
      known->pairs.push_back({pair.key, std::move(value)});
    }
    shared_.variables = std::move(known);
  }

  // What the command line or the environment has for it.
  [[nodiscard]] NodePtr GivenValue(const std::string& name, const Node& in_plan) const {
    for (const auto* values : {&given_.command_line, &given_.environment}) {
      const auto found = values->find(name);
      if (found == values->end()) continue;
      auto value = std::make_shared<Node>();
      value->kind = Node::Kind::kScalar;
      value->mark = in_plan.mark;
      value->text = found->second;
      return value;
    }
    return nullptr;
  }

  void ReadPieces(const NodePtr& node) {
    if (!node->IsMapping() || !node->tag.empty()) {
      problems_.Add(node->mark, absl::StrCat("pieces must be a mapping of names to lists of steps, not ",
                                             Describe(*node)));
      return;
    }
    for (const NodePair& pair : node->pairs) {
      const std::string name = ReadName(pair.key, "a piece's name", problems_);
      if (!name.empty()) shared_.pieces[name] = pair.value;
    }
  }

  void ReadTests(const NodePtr& tests, Plan& plan) {
    ReadList(tests, "tests", problems_, [&](const NodePtr& node) { ReadTest(node, plan); });
    if (tests->IsSequence() && tests->items.empty()) {
      problems_.Add(tests->mark, "tests is empty; at least one test was expected");
    }
  }

  void ReadTest(const NodePtr& node, Plan& plan) {
    FieldReader fields(node, kTestKeys, problems_);
    TestSource source;
    source.mark = node->mark;
    source.name = fields.Require("name");
    source.requires_features = fields.Find("requires");
    source.tags = fields.Find("tags");
    source.objects = fields.Find("objects");
    source.sandbox = fields.Find("sandbox");
    source.may_not_run = fields.Find("may_not_run");
    source.holds_without = fields.Find("holds_without");
    source.timeout = fields.Find("timeout");
    const auto rows_of = [&](const char* key) {
      NodePtr rows = fields.Find(key);
      return rows == nullptr ? rows : Substitute(rows, {nullptr, shared_.variables}, problems_);
    };
    const NodePtr each = rows_of("each");
    const NodePtr matrix = rows_of("matrix");
    source.steps = fields.Require("steps");
    if (source.steps == nullptr) return;
    for (const NodePtr& row : ReadRows(each, matrix, problems_)) {
      Test test = ReadTestRow(source, row, shared_, files_, problems_);
      test.plan = plan.name;
      AddTest(std::move(test), plan);
    }
  }

  void AddTest(Test test, Plan& plan) {
    if (!test.name.empty() && !names_.insert(test.name).second) {
      problems_.Add(test.mark,
                    absl::StrCat("two tests are called \"", test.name,
                                 "\"; with each: or matrix:, the name needs a ${...} that tells them apart"));
    }
    using bpfrig::v1::OpenSandboxRequest;
    const auto& label =
        *OpenSandboxRequest::descriptor()->FindFieldByNumber(OpenSandboxRequest::kLabelFieldNumber);
    test.sandbox.request.set_label(
        absl::StrCat(test.plan, " / ", test.name).substr(0, rules::RulesOf(label).maximum_bytes()));
    plan.tests.push_back(std::move(test));
  }

  ObjectFiles& files_;
  const Variables& given_;
  Problems& problems_;
  SharedParts shared_;
  std::set<std::string> names_;
};

}  // namespace

std::optional<Plan> ReadPlanText(const std::string& text, const std::string& path, ObjectFiles& files,
                                 Problems& problems, const Variables& variables) {
  const size_t problems_before = problems.Count();
  NodePtr root = ReadYaml(text, std::make_shared<const std::string>(path), problems);
  if (root == nullptr) return std::nullopt;
  Plan plan = PlanReader(files, variables, problems).Read(root, path);
  if (problems.Count() != problems_before) return std::nullopt;
  return plan;
}

std::optional<Plan> ReadPlan(const std::string& path, ObjectFiles& files, Problems& problems,
                             const Variables& variables) {
  absl::StatusOr<std::string> text = common::ReadFile(path, kMaxPlan);
  if (!text.ok()) {
    problems.Add({std::make_shared<const std::string>(path), 1, 1}, std::string(text.status().message()));
    return std::nullopt;
  }
  return ReadPlanText(*text, path, files, problems, variables);
}

}  // namespace bpfrig::client::plan
