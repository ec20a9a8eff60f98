// What bpfrig remembers from one run to the next: files of lines in the user's cache folder. Nothing depends
// on it but how much is done again, so a folder that cannot be read is an empty one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bpfrig::client::command {

class UserCache {
 public:
  // common/cache_directory.h; there may be no folder.
  [[nodiscard]] static UserCache FromEnvironment();
  explicit UserCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::vector<std::string> Read(const std::string& name) const;
  // Replaces the file at once, as runs may overlap. False if it could not be written.
  bool Write(const std::string& name, const std::vector<std::string>& lines) const;

 private:
  // Empty: there is none.
  std::filesystem::path folder_;
};

}  // namespace bpfrig::client::command
