// A project of compose.yaml, under a name of the test's own beside one that the user may be running.
#pragma once

#include <string>

#include "tests/containers/docker.h"

namespace bpfrig::tests {

class ComposeProject {
 public:
  ComposeProject();
  // Takes it down.
  ~ComposeProject();
  ComposeProject(const ComposeProject&) = delete;
  ComposeProject& operator=(const ComposeProject&) = delete;

  // For variables that the file takes from the environment: "NAME=value".
  void SetEnvironment(Arguments environment) { environment_ = std::move(environment); }
  // The arguments of --file; none means compose.yaml alone.
  void SetFiles(Arguments files) { files_ = std::move(files); }

  [[nodiscard]] Outcome Compose(const Arguments& arguments,
                                std::chrono::milliseconds limit = kDockerPatience) const;
  // Starts the daemon; fails the test if it does not become healthy.
  void Up() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  // Of the daemon.
  [[nodiscard]] std::string ContainerId() const;
  // Runs a command in the daemon's container.
  [[nodiscard]] std::string Inside(const std::string& commands) const;

 private:
  const std::string name_;
  Arguments environment_;
  Arguments files_;
};

}  // namespace bpfrig::tests
