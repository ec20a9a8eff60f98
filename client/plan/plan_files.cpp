#include "client/plan/plan_files.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/plan/yaml/scalars.h"
#include "client/plan/yaml/yaml_reader.h"
#include "common/read_file.h"

namespace bpfrig::client::plan {
namespace {

namespace fs = std::filesystem;

class Includer {
 public:
  explicit Includer(Problems& problems) : problems_(problems) {}

  void Add(const NodePtr& root, const fs::path& path) {
    open_.push_back(Identity(path));
    if (NodePtr include = root->IsMapping() ? FindKey(*root, "include") : nullptr) {
      if (include->IsSequence() && include->tag.empty()) {
        for (const NodePtr& item : include->items) Include(item, path);
      } else {
        Include(include, path);
      }
    }
    seen_.push_back(open_.back());
    open_.pop_back();
    files_.push_back({root, path.string()});
  }

  [[nodiscard]] std::vector<PlanFile> Take() { return std::move(files_); }

 private:
  // The same for all paths of one file.
  static fs::path Identity(const fs::path& path) {
    std::error_code error;
    fs::path canonical = fs::weakly_canonical(path, error);
    return error ? path : canonical;
  }

  void Include(const NodePtr& node, const fs::path& includer) {
    const std::string name = ReadText(node, "include", problems_);
    if (name.empty()) return;
    const fs::path path = includer.parent_path() / name;
    const fs::path identity = Identity(path);
    if (std::find(open_.begin(), open_.end(), identity) != open_.end()) {
      problems_.Add(node->mark, absl::StrCat("including ", name, ": it includes this file itself"));
      return;
    }
    if (std::find(seen_.begin(), seen_.end(), identity) != seen_.end()) return;
    absl::StatusOr<std::string> text = common::ReadFile(path, kMaxPlan);
    if (!text.ok()) {
      problems_.Add(node->mark, absl::StrCat("including ", name, ": ", text.status().message(),
                                             "; it is looked up beside the file that includes it"));
      return;
    }
    if (NodePtr root = ReadYaml(*text, std::make_shared<const std::string>(path.string()), problems_)) {
      Add(root, path);
    }
  }

  Problems& problems_;
  std::vector<PlanFile> files_;
  // Those that are being included, from the plan on, and those that are there.
  std::vector<fs::path> open_;
  std::vector<fs::path> seen_;
};

// Null if it cannot be read; whoever reads the plan says why.
NodePtr ReadRoot(const std::string& path) {
  const absl::StatusOr<std::string> text = common::ReadFile(path, kMaxPlan);
  if (!text.ok()) return nullptr;
  Problems of_a_plan;
  return ReadYaml(*text, std::make_shared<const std::string>(path), of_a_plan);
}

}  // namespace

std::vector<PlanFile> WithIncluded(const NodePtr& plan, const std::string& path, Problems& problems) {
  Includer includer(problems);
  includer.Add(plan, path);
  return includer.Take();
}

std::vector<std::string> FilesOfPlan(const std::string& path) {
  std::vector<std::string> files;
  const NodePtr root = ReadRoot(path);
  if (root == nullptr) return {path};
  Problems of_a_plan;
  for (PlanFile& file : WithIncluded(root, path, of_a_plan)) files.push_back(std::move(file.path));
  return files;
}

bool IsSharedPart(const std::string& path) {
  const NodePtr root = ReadRoot(path);
  return root != nullptr && root->IsMapping() && !root->pairs.empty() && FindKey(*root, "name") == nullptr &&
         FindKey(*root, "tests") == nullptr;
}

}  // namespace bpfrig::client::plan
