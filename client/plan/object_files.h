// BPF objects on disk: looks them up beside the plan and in the object path, and reads each file once,
// however many tests load it. Also finds plans.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
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

  enum class WhenMissing {
    // An error.
    kComplain,
    // No bytes; the file is among missing().
    kNote,
  };

  // `path` is the -I directories and those of BPFRIG_OBJECT_PATH, in order.
  explicit ObjectFiles(std::vector<std::string> path, WhenMissing when_missing = WhenMissing::kComplain)
      : path_(std::move(path)), when_missing_(when_missing) {}

  // The file's bytes: beside the plan first, then in the path.
  [[nodiscard]] absl::StatusOr<Bytes> Load(const std::string& file, const std::filesystem::path& beside);
  // Files that were asked for and not found, as plans name them.
  [[nodiscard]] const std::set<std::string>& missing() const { return missing_; }

  // Those that were read.
  [[nodiscard]] std::vector<std::filesystem::path> Files() const;

 private:
  std::vector<std::string> path_;
  WhenMissing when_missing_;
  std::set<std::string> missing_;
  std::map<std::filesystem::path, Bytes> loaded_;
};

}  // namespace bpfrig::client::plan
