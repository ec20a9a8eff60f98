// For tests of commands: a directory of the test's own with a socket's place in it, and what a command
// printed.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "common/read_file.h"
#include "common/testing/temporary_directory.h"

namespace bpfrig::client::command {

// The whole of a file that a command wrote; empty if it wrote none.
inline std::string ReadBack(const std::string& path) {
  return common::ReadFile(path, size_t{1} << 20).value_or("");
}

class CommandFixture : public testing::Test {
 protected:
  // What a run remembers goes to the test's own directory.
  CommandFixture() { setenv("XDG_CACHE_HOME", (directory_ / "cache").c_str(), 1); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
  };
  static Outcome Captured(const std::function<int()>& command) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.code = command();
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
  }

  const common::TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_.path();
  std::string target_ = "unix:" + (directory_ / "socket").string();
};

}  // namespace bpfrig::client::command
