// BPF objects on disk: looks them up beside the plan and in the object path, and reads each file once,
// however many tests load it. Also finds plans.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bpfrig::client::plan {

// The plan files that these arguments name: *.yaml and *.yml, of directories all below, sorted.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> FindPlanFiles(
    const std::vector<std::string>& arguments);

class ObjectFiles {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  // `path` is the -I directories and those of BPFRIG_OBJECT_PATH, in order.
  explicit ObjectFiles(std::vector<std::string> path) : path_(std::move(path)) {}

  // The file's bytes: beside the plan first, then in the path.
  [[nodiscard]] absl::StatusOr<Bytes> Load(const std::string& file, const std::filesystem::path& beside);

  // Those that were read.
  [[nodiscard]] std::vector<std::filesystem::path> Files() const;

 private:
  std::vector<std::string> path_;
  std::map<std::filesystem::path, Bytes> loaded_;
};

}  // namespace bpfrig::client::plan
