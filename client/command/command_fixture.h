// For tests of commands: a directory of the test's own with a socket's place in it, and what a command
// printed.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>

namespace bpfrig::client::command {

class CommandFixture : public testing::Test {
 protected:
  CommandFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bpfrig-test-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    target_ = "unix:" + (directory_ / "socket").string();
  }
  ~CommandFixture() override {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
  }

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

  std::filesystem::path directory_;
  std::string target_;
};

}  // namespace bpfrig::client::command
