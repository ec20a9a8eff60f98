#include "client/plan/object_files.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "bpfrig/v1/program.pb.h"
#include "common/read_file.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::plan {
namespace {

namespace fs = std::filesystem;

// The daemon takes no larger ones.
size_t MaxObjectBytes() {
  using bpfrig::v1::LoadProgramRequest;
  const auto& object =
      *LoadProgramRequest::descriptor()->FindFieldByNumber(LoadProgramRequest::kObjectFieldNumber);
  return rules::RulesOf(object).maximum_bytes();
}

absl::Status Failure(absl::string_view action, const fs::path& path, const std::error_code& error) {
  return absl::NotFoundError(absl::StrCat(action, " ", path.string(), ": ", error.message()));
}

bool IsPlan(const fs::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

absl::Status AddPlansBelow(const fs::path& directory, std::vector<std::string>& files) {
  std::error_code error;
  std::vector<std::string> found;
  fs::recursive_directory_iterator iterator(directory, error);
  for (; !error && iterator != fs::recursive_directory_iterator(); iterator.increment(error)) {
    std::error_code not_a_file;
    if (IsPlan(iterator->path()) && iterator->is_regular_file(not_a_file)) {
      found.push_back(iterator->path().string());
    }
  }
  if (error) return Failure("reading directory", directory, error);
  if (found.empty())
    return absl::NotFoundError(absl::StrCat("no *.yaml or *.yml below ", directory.string()));
  std::sort(found.begin(), found.end());
  std::move(found.begin(), found.end(), std::back_inserter(files));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindPlanFiles(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    std::error_code error;
    const fs::file_status status = fs::status(argument, error);
    if (!fs::exists(status)) {
      return Failure("opening", argument,
                     error ? error : std::make_error_code(std::errc::no_such_file_or_directory));
    }
    if (!fs::is_directory(status)) {
      if (!IsPlan(argument)) {
        return absl::InvalidArgumentError(
            absl::StrCat(argument, " is not a plan: plans are called *.yaml or *.yml"));
      }
      files.push_back(argument);
      continue;
    }
    absl::Status added = AddPlansBelow(argument, files);
    if (!added.ok()) return added;
  }
  return files;
}

std::vector<fs::path> ObjectFiles::Files() const {
  std::vector<fs::path> files;
  for (const auto& [file, bytes] : loaded_) files.push_back(file);
  return files;
}

absl::StatusOr<ObjectFiles::Bytes> ObjectFiles::Load(const std::string& file, const fs::path& beside) {
  std::vector<fs::path> candidates = {beside / file};
  for (const std::string& directory : path_) candidates.push_back(fs::path(directory) / file);
  for (const fs::path& candidate : candidates) {
    if (auto known = loaded_.find(candidate); known != loaded_.end()) return known->second;
    std::error_code error;
    if (!fs::exists(candidate, error)) continue;
    absl::StatusOr<std::string> bytes = common::ReadFile(candidate, MaxObjectBytes());
    if (!bytes.ok()) return std::move(bytes).status();
    return loaded_[candidate] = std::make_shared<const std::string>(*std::move(bytes));
  }
  if (when_missing_ == WhenMissing::kNote) {
    missing_.insert(file);
    return Bytes();
  }
  std::vector<std::string> places;
  for (const fs::path& candidate : candidates) {
    places.push_back(candidate.has_parent_path() ? candidate.parent_path().string() : ".");
  }
  return absl::NotFoundError(absl::StrCat("no file ", file, " in ", absl::StrJoin(places, ", "),
                                          "; -I DIR or BPFRIG_OBJECT_PATH adds a directory to look in"));
}

}  // namespace bpfrig::client::plan
