#include "client/run/artifacts.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/run/file_name.h"
#include "client/run/write_file.h"
#include "common/fd.h"

namespace bpfrig::client::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kIndex = "index.json";
// What an index begins with.
constexpr const char* kMark = "{\n  \"bpfrig_artifacts\": 1";
// FileName() makes no name with it.
constexpr const char* kTry = "@try-";

absl::Status TryToWrite(const std::string& directory) {
  std::string file = absl::StrCat(directory, "/.bpfrig-XXXXXX");
  const common::Fd made(mkstemp(file.data()));
  if (!made.IsOpen()) {
    return SystemError(absl::StrCat("writing to the directory for artifacts ", directory),
                       {errno, std::generic_category()});
  }
  unlink(file.c_str());
  return absl::OkStatus();
}

absl::Status WriteWithItsFolder(const fs::path& path, const std::string& content) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return SystemError(absl::StrCat("making the folder ", path.parent_path().string()), error);
  return WriteFile(path, content);
}

// A folder that Write() made, whole or until the disk was full.
bool IsOurs(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(folder, error))) return false;
  if (fs::is_empty(folder, error)) return true;
  std::string start(std::strlen(kMark), '\0');
  if (!fs::is_regular_file(fs::symlink_status(folder / kIndex, error))) return false;
  std::ifstream file(folder / kIndex, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  const absl::string_view read(start.data(), static_cast<size_t>(file.gcount()));
  if (read.size() == start.size()) return read == kMark;
  // It is the first that is written: if the disk was full then, nothing is beside it.
  const auto count = std::distance(fs::directory_iterator(folder, error), fs::directory_iterator());
  return absl::StartsWith(kMark, read) && count == 1;
}

// Those of all tries of a test.
std::vector<fs::path> FoldersOf(const fs::path& first) {
  std::vector<fs::path> folders;
  const std::string name = first.filename().string();
  std::error_code error;
  for (fs::directory_iterator entry(first.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string found = entry->path().filename().string();
    if (found == name || absl::StartsWith(found, name + kTry)) folders.push_back(entry->path());
  }
  return folders;
}

std::string IndexOf(const plan::Test& test, const verdict::TestResult& result, int which,
                    const std::vector<Artifact>& artifacts, const std::vector<std::string>& files) {
  Json index;
  index["bpfrig_artifacts"] = 1;
  index["plan"] = test.plan;
  index["test"] = test.ShownName();
  index["at"] = ToString(test.mark);
  index["try"] = which;
  if (!result.reason.empty()) index["reason"] = result.reason;
  index["failures"] = Json::array();
  for (const verdict::Failure& failure : result.failures) {
    index["failures"].push_back({{"what", failure.what}, {"at", ToString(failure.mark)}});
  }
  index["files"] = Json::array();
  for (size_t i = 0; i < artifacts.size(); ++i) {
    index["files"].push_back({{"file", files[i]}, {"about", artifacts[i].about}});
  }
  return index.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Artifacts::Artifacts(std::string path, const std::vector<plan::Test>& tests) : path_(std::move(path)) {
  std::set<std::string> taken;
  for (const plan::Test& test : tests) {
    folders_[&test] =
        UniqueName(absl::StrCat(FileName(test.plan), "/", FileName(test.ShownName())), "", taken);
  }
}

absl::StatusOr<std::unique_ptr<Artifacts>> Artifacts::Open(const std::string& path,
                                                           const std::vector<plan::Test>& tests) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return SystemError(absl::StrCat("making the directory for artifacts ", path), error);
  if (absl::Status tried = TryToWrite(path); !tried.ok()) return tried;
  auto artifacts = std::make_unique<Artifacts>(path, tests);
  if (absl::Status removed = artifacts->RemoveOld(); !removed.ok()) return removed;
  return artifacts;
}

absl::Status Artifacts::RemoveOld() const {
  std::vector<fs::path> old;
  for (const auto& [test, folder] : folders_) {
    for (fs::path& found : FoldersOf(fs::path(path_) / folder)) {
      if (!IsOurs(found)) {
        return absl::FailedPreconditionError(absl::StrCat(
            found.string(), " is in the way: artifacts of \"", test->plan, " / ", test->name,
            "\" go there, and it does not look like a folder of such; remove it, or name another "
            "directory"));
      }
      old.push_back(std::move(found));
    }
  }
  for (const fs::path& folder : old) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) return SystemError(absl::StrCat("removing ", folder.string()), error);
    // The plan's own, if nothing else is in it.
    fs::remove(folder.parent_path(), error);
  }
  return absl::OkStatus();
}

std::string Artifacts::Write(const plan::Test& test, const verdict::TestResult& result,
                             const std::vector<Artifact>& artifacts) {
  std::unique_lock<std::mutex> lock(mutex_);
  const int which = ++tries_[&test];
  lock.unlock();
  const std::string folder = absl::StrCat(path_, "/", folders_.at(&test), which == 1 ? "" : kTry,
                                          which == 1 ? "" : std::to_string(which));
  std::set<std::string> taken;
  std::vector<std::string> files;
  for (const Artifact& artifact : artifacts) {
    files.push_back(UniqueName(artifact.stem, artifact.extension, taken));
  }
  // The index first: by it a later run knows the folder.
  absl::Status written =
      WriteWithItsFolder(fs::path(folder) / kIndex, IndexOf(test, result, which, artifacts, files));
  for (size_t i = 0; i < artifacts.size() && written.ok(); ++i) {
    written = WriteWithItsFolder(fs::path(folder) / files[i], artifacts[i].content);
  }
  if (written.ok()) return folder;
  lock.lock();
  status_.Update(written);
  return "";
}

absl::Status Artifacts::status() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return status_;
}

}  // namespace bpfrig::client::run
