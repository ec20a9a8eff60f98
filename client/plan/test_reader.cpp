#include "client/plan/test_reader.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/plan/fields/field_reader.h"
#include "client/plan/fields/message_reader.h"
#include "client/plan/fingerprint.h"
#include "client/plan/yaml/scalars.h"
#include "client/plan/yaml/substitution.h"

namespace bpfrig::client::plan {
namespace {

class TestReader {
 public:
  TestReader(const SharedParts& shared, ObjectFiles& files, Problems& problems)
      : shared_(shared), files_(files), problems_(problems) {}

  // A test for one row, with what the files have for all.
  Test Read(const TestSource& source, const NodePtr& row) {
    Test test;
    test.mark = source.mark;
    const Scope scope{row, shared_.variables};
    const auto read_names = [&](const NodePtr& node, absl::string_view what,
                                std::vector<Marked<std::string>>& names) {
      ReadReplaced(node, scope, [&](const NodePtr& list) { ReadTexts(list, what, names); });
    };
    const auto read_tags = [&](const NodePtr& node) {
      std::vector<Marked<std::string>> tags;
      read_names(node, "tags", tags);
      for (Marked<std::string>& tag : tags) test.tags.push_back(std::move(tag.value));
    };
    auto objects = std::make_shared<Objects>();
    const auto read_objects = [&](const NodePtr& node, const std::string& path) {
      ReadReplaced(node, scope, [&](const NodePtr& mapping) { ReadObjects(mapping, path, *objects); });
    };
    const auto read_sandbox = [&](const NodePtr& node) {
      ReadReplaced(node, scope, [&](const NodePtr& mapping) { ReadSandbox(mapping, test.sandbox); });
    };
    ReadReplaced(source.name, scope,
                 [&](const NodePtr& name) { test.name = ReadLine(name, "name", problems_); });
    for (const Shared& shared : shared_.files) {
      read_names(shared.requires_features, "requires", test.required_features);
      read_tags(shared.tags);
      read_objects(shared.objects, shared.path);
      read_sandbox(shared.sandbox);
    }
    read_names(source.requires_features, "requires", test.required_features);
    read_tags(source.tags);
    read_objects(source.objects, shared_.files.back().path);
    read_sandbox(source.sandbox);
    read_names(source.may_not_run, "may_not_run", test.may_not_run);
    read_names(source.holds_without, "holds_without", test.holds_without);
    ReadReplaced(source.timeout, scope,
                 [&](const NodePtr& node) { test.timeout = ReadTimeout(node, "timeout", problems_); });
    ReadSteps(source, StepListReader(shared_.pieces, *shared_.types, std::move(objects), scope, problems_),
              test);
    return test;
  }

 private:
  void ReadSteps(const TestSource& source, StepListReader reader, Test& test) {
    const auto append = [&](const NodePtr& list, absl::string_view what, std::vector<Step>& steps) {
      if (list == nullptr) return;
      std::vector<Step> read = reader.Read(list, what);
      std::move(read.begin(), read.end(), std::back_inserter(steps));
    };
    for (const Shared& shared : shared_.files) append(shared.setup, "setup", test.setup);
    append(source.steps, "steps", test.steps);
    // What was set up first is taken down last.
    for (auto shared = shared_.files.rbegin(); shared != shared_.files.rend(); ++shared) {
      append(shared->teardown, "teardown", test.teardown);
    }
    Fingerprint fingerprint;
    for (const std::string& address : test.sandbox.request.addresses()) fingerprint.Add(address);
    fingerprint.Add("local_routes");
    for (const std::string& route : test.sandbox.request.local_routes()) fingerprint.Add(route);
    fingerprint.Add(test.may_not_run);
    fingerprint.Add(test.holds_without);
    for (const NodePtr& node : reader.nodes()) fingerprint.Add(*node);
    for (const std::vector<Step>* steps : {&test.setup, &test.steps, &test.teardown}) fingerprint.Add(*steps);
    test.fingerprint = fingerprint.value();
  }

  // Replaces names, and reads the result if they could be replaced.
  template <typename Read>
  void ReadReplaced(const NodePtr& node, const Scope& scope, const Read& read) {
    if (node == nullptr) return;
    const size_t problems_before = problems_.Count();
    const NodePtr replaced = Substitute(node, scope, problems_);
    if (problems_.Count() == problems_before) read(replaced);
  }

  void ReadTexts(const NodePtr& list, absl::string_view what, std::vector<Marked<std::string>>& texts) {
    ReadList(list, what, problems_, [&](const NodePtr& item) {
      texts.push_back({ReadText(item, what, problems_), item->mark});
    });
  }

  // Files are looked up beside the one that names them.
  void ReadObjects(const NodePtr& node, const std::string& path, Objects& objects) {
    if (!node->IsMapping()) {
      problems_.Add(node->mark,
                    absl::StrCat("objects must be a mapping of names to files, not ", Describe(*node)));
      return;
    }
    for (const NodePair& pair : node->pairs) {
      const std::string name = ReadName(pair.key, "an object's name", problems_);
      const std::string file = ReadText(pair.value, "an object's file", problems_);
      // Known in any case, so that a missing file is not complained of at each use, too.
      objects[name] = nullptr;
      if (name.empty() || file.empty()) continue;
      absl::StatusOr<ObjectFiles::Bytes> bytes = files_.Load(file, std::filesystem::path(path).parent_path());
      if (bytes.ok()) {
        objects[name] = *std::move(bytes);
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

  const SharedParts& shared_;
  ObjectFiles& files_;
  Problems& problems_;
};

}  // namespace

Test ReadTestRow(const TestSource& source, const NodePtr& row, const SharedParts& shared, ObjectFiles& files,
                 Problems& problems) {
  return TestReader(shared, files, problems).Read(source, row);
}

}  // namespace bpfrig::client::plan
