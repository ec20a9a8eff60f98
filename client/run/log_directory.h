// LogDirectory: where `run --log-dir` puts the verifier's log of each load, in a file named after the plan,
// the test and the object. Tests on many threads write to it.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "client/plan/plan.h"

namespace bpfrig::client::run {

class LogDirectory {
 public:
  explicit LogDirectory(std::string path) : path_(std::move(path)) {}

  // Makes the directory if it is not there.
  [[nodiscard]] absl::Status Make() const;

  // Returns the file's path; empty if it could not be written, which status() tells.
  std::string Write(const plan::Test& test, const std::string& object, const std::string& log);
  // The first failure to write.
  [[nodiscard]] absl::Status status() const;

 private:
  // A name that no other log of this run has.
  std::string NewName(const plan::Test& test, const std::string& object);

  const std::string path_;
  mutable std::mutex mutex_;
  std::set<std::string> names_;
  absl::Status status_;
};

}  // namespace bpfrig::client::run
