#include "tests/containers/docker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

std::string NewName() {
  static int count = 0;
  return "bpfrig-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

}  // namespace

Arguments operator+(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Outcome Docker(const Arguments& arguments, std::chrono::milliseconds limit) {
  return RunToEnd(Arguments{"docker"} + arguments, limit);
}

Container::Container(const Arguments& arguments) : name_(NewName()) {
  const Outcome outcome = Docker(Arguments{"run", "--detach", "--name", name_} + arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

Container::~Container() {
  (void)Docker({"stop", name_});
  const Outcome outcome = Docker({"rm", "--force", "--volumes", name_});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

bool Container::WaitHealthy() const {
  std::string state;
  (void)WaitUntil(kDockerPatience, [&] {
    state = Docker({"inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", name_}).output;
    return state != "running starting\n";
  });
  return state == "running healthy\n";
}

std::string Container::Log() const { return Docker({"logs", name_}).output; }

InternalNetwork::InternalNetwork() : name_(NewName()) {
  const Outcome outcome = Docker({"network", "create", "--internal", name_});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

InternalNetwork::~InternalNetwork() {
  const Outcome outcome = Docker({"network", "rm", name_});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

Folder::Folder(const std::string& name) : path_(std::string(std::getenv("TMPDIR")) + "/" + name) {
  std::filesystem::create_directory(path_);
  // The folder above is private to the test; containers see only this one.
  std::filesystem::permissions(path_, std::filesystem::perms(0755));
}

Folder::~Folder() { std::filesystem::remove_all(path_); }

void Folder::Write(const std::string& file, const std::string& text) const {
  const std::filesystem::path path = path_ + "/" + file;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

}  // namespace bpfrig::tests
