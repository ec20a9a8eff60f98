#include "client/plan/plan_reader.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/plan/field_reader.h"
#include "client/plan/map_types.h"
#include "client/plan/message_reader.h"
#include "client/plan/scalars.h"
#include "client/plan/step_reader.h"
#include "client/plan/substitution.h"
#include "client/plan/yaml_reader.h"
#include "common/read_file.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

constexpr size_t kMaxPlan = size_t{4} << 20;

bool IsRowKey(const std::string& key) {
  const auto is_word = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !key.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(key[0])) &&
         std::all_of(key.begin(), key.end(), is_word);
}

class PlanReader {
 public:
  PlanReader(const std::string& path, ObjectFiles& files, Problems& problems)
      : path_(path), files_(files), problems_(problems) {}

  Plan Read(const NodePtr& root) {
    Plan plan;
    FieldReader fields(root, "a plan", problems_);
    if (NodePtr name = fields.Require("name", "the plan's name")) {
      plan.name = ReadText(name, "name", problems_);
    }
    if (NodePtr node = fields.Find("requires")) ReadTexts(node, "requires", required_features_);
    if (NodePtr node = fields.Find("objects")) ReadObjects(node);
    if (NodePtr node = fields.Find("types")) types_.Read(node, problems_);
    if (NodePtr node = fields.Find("sandbox")) ReadSandbox(node, sandbox_);
    NodePtr tests = fields.Require("tests", "a list of tests");
    if (tests == nullptr) return plan;
    const size_t problems_before = problems_.Count();
    ReadList(tests, "tests", problems_, [&](const NodePtr& node) { ReadTest(node, plan); });
    if (tests->IsSequence() && tests->items.empty()) {
      problems_.Add(tests->mark, "tests is empty; at least one test was expected");
    }
    // A step that could not be read may be the one that uses it.
    if (problems_.Count() == problems_before) types_.CheckUsed(problems_);
    return plan;
  }

 private:
  void ReadTexts(const NodePtr& list, absl::string_view what, std::vector<Marked<std::string>>& texts) {
    ReadList(list, what, problems_, [&](const NodePtr& item) {
      texts.push_back({ReadText(item, what, problems_), item->mark});
    });
  }

  void ReadObjects(const NodePtr& node) {
    if (!node->IsMapping()) {
      problems_.Add(node->mark,
                    absl::StrCat("objects must be a mapping of names to files, not ", Describe(*node)));
      return;
    }
    for (const NodePair& pair : node->pairs) {
      const std::string name = ReadName(pair.key, "an object's name", problems_);
      const std::string file = ReadText(pair.value, "an object's file", problems_);
      // Known in any case, so that a missing file is not complained of at each use, too.
      objects_[name] = nullptr;
      if (name.empty() || file.empty()) continue;
      absl::StatusOr<ObjectFiles::Bytes> bytes =
          files_.Load(file, std::filesystem::path(path_).parent_path());
      if (bytes.ok()) {
        objects_[name] = *std::move(bytes);
      } else {
        problems_.Add(pair.value->mark, std::string(bytes.status().message()));
      }
    }
  }

  void ReadSandbox(const NodePtr& node, SandboxSettings& sandbox) {
    FieldReader fields(node, "sandbox", problems_);
    MessageReader reader(problems_);
    bpfrig::v1::OpenSandboxRequest request;
    reader.Read(fields, request);
    reader.CheckRules(fields, node, request);
    if (!node->IsMapping()) return;
    Merge(request.addresses(), FindKey(*node, "addresses"), *sandbox.request.mutable_addresses(),
          sandbox.addresses);
    Merge(request.local_routes(), FindKey(*node, "local_routes"), *sandbox.request.mutable_local_routes(),
          sandbox.local_routes);
  }

  // A test may repeat what the plan has.
  using Texts = google::protobuf::RepeatedPtrField<std::string>;
  static void Merge(const Texts& more, const NodePtr& list, Texts& all, std::vector<Mark>& marks) {
    for (int i = 0; i < more.size(); ++i) {
      if (std::find(all.begin(), all.end(), more[i]) != all.end()) continue;
      *all.Add() = more[i];
      marks.push_back(list->items[static_cast<size_t>(i)]->mark);
    }
  }

  void ReadTest(const NodePtr& node, Plan& plan) {
    FieldReader fields(node, "a test", problems_);
    Test shared;
    shared.plan = plan.name;
    shared.mark = node->mark;
    shared.required_features = required_features_;
    shared.sandbox = sandbox_;
    NodePtr name = fields.Require("name", "the test's name");
    if (NodePtr features = fields.Find("requires")) {
      ReadTexts(features, "requires", shared.required_features);
    }
    if (NodePtr sandbox = fields.Find("sandbox")) ReadSandbox(sandbox, shared.sandbox);
    NodePtr may_not_run = fields.Find("may_not_run");
    NodePtr each = fields.Find("each");
    NodePtr steps = fields.Require("steps", "a list of steps");
    if (steps == nullptr) return;
    const auto expand = [&](const NodePtr& row) {
      Test test = shared;
      ReadRow(row, name, may_not_run, steps, test);
      AddTest(std::move(test), plan);
    };
    if (each == nullptr) {
      expand(nullptr);
      return;
    }
    ReadList(each, "each", problems_, [&](const NodePtr& row) {
      if (CheckRow(row)) expand(row);
    });
    if (each->IsSequence() && each->items.empty()) {
      problems_.Add(each->mark, "each is empty; at least one row was expected");
    }
  }

  bool CheckRow(const NodePtr& row) {
    if (!row->IsMapping() || !row->tag.empty()) {
      problems_.Add(row->mark,
                    absl::StrCat("a row of each must be a mapping of names to values, not ", Describe(*row)));
      return false;
    }
    for (const NodePair& pair : row->pairs) {
      if (IsRowKey(pair.key->text)) continue;
      problems_.Add(pair.key->mark, absl::StrCat("a row's name must be letters, digits and '_', not \"",
                                                 pair.key->text, "\""));
    }
    return true;
  }

  // What `${}` works in: the name, may_not_run and the steps.
  void ReadRow(const NodePtr& row, const NodePtr& name, const NodePtr& may_not_run, const NodePtr& steps,
               Test& test) {
    if (name != nullptr) test.name = ReadText(Substitute(name, row, problems_), "name", problems_);
    if (may_not_run != nullptr) {
      ReadTexts(Substitute(may_not_run, row, problems_), "may_not_run", test.may_not_run);
    }
    const size_t problems_before = problems_.Count();
    NodePtr rewritten = Substitute(steps, row, problems_);
    // What could not be replaced would only be complained of again.
    if (problems_.Count() != problems_before) return;
    ReadList(rewritten, "steps", problems_, [&](const NodePtr& step) {
      test.steps.push_back(ReadStep(types_.AddTo(step), objects_, problems_));
    });
    if (rewritten->IsSequence() && rewritten->items.empty()) {
      problems_.Add(rewritten->mark, "steps is empty; at least one step was expected");
    }
  }

  void AddTest(Test test, Plan& plan) {
    if (!test.name.empty() && !names_.insert(test.name).second) {
      problems_.Add(test.mark, absl::StrCat("two tests are called \"", test.name,
                                            "\"; with each:, the name needs a ${...} that tells them apart"));
    }
    using bpfrig::v1::OpenSandboxRequest;
    const auto& label =
        *OpenSandboxRequest::descriptor()->FindFieldByNumber(OpenSandboxRequest::kLabelFieldNumber);
    test.sandbox.request.set_label(
        absl::StrCat(test.plan, " / ", test.name).substr(0, rules::RulesOf(label).maximum_bytes()));
    plan.tests.push_back(std::move(test));
  }

  const std::string& path_;
  ObjectFiles& files_;
  Problems& problems_;
  std::vector<Marked<std::string>> required_features_;
  Objects objects_;
  MapTypes types_;
  SandboxSettings sandbox_;
  std::set<std::string> names_;
};

}  // namespace

std::optional<Plan> ReadPlanText(const std::string& text, const std::string& path, ObjectFiles& files,
                                 Problems& problems) {
  const size_t problems_before = problems.Count();
  NodePtr root = ReadYaml(text, std::make_shared<const std::string>(path), problems);
  if (root == nullptr) return std::nullopt;
  Plan plan = PlanReader(path, files, problems).Read(root);
  if (problems.Count() != problems_before) return std::nullopt;
  return plan;
}

std::optional<Plan> ReadPlan(const std::string& path, ObjectFiles& files, Problems& problems) {
  absl::StatusOr<std::string> text = common::ReadFile(path, kMaxPlan);
  if (!text.ok()) {
    problems.Add({std::make_shared<const std::string>(path), 1, 1}, std::string(text.status().message()));
    return std::nullopt;
  }
  return ReadPlanText(*text, path, files, problems);
}

}  // namespace bpfrig::client::plan
