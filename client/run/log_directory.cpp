#include "client/run/log_directory.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "client/run/file_name.h"
#include "client/run/write_file.h"

namespace bpfrig::client::run {

absl::Status LogDirectory::Make() const {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (!error) return absl::OkStatus();
  return SystemError(absl::StrCat("making the directory for logs ", path_), error);
}

std::string LogDirectory::Write(const plan::Test& test, const std::string& object, const std::string& log) {
  const std::string path = absl::StrCat(path_, "/", NewName(test, object));
  const absl::Status written = WriteFile(path, log);
  if (written.ok()) return path;
  const std::lock_guard<std::mutex> lock(mutex_);
  status_.Update(written);
  return "";
}

std::string LogDirectory::NewName(const plan::Test& test, const std::string& object) {
  const std::string name = FileName(absl::StrCat(test.plan, "-", test.ShownName(), "-", object));
  const std::lock_guard<std::mutex> lock(mutex_);
  return UniqueName(name, ".log", names_);
}

absl::Status LogDirectory::status() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return status_;
}

}  // namespace bpfrig::client::run
