#include "tests/containers/compose_project.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace bpfrig::tests {

ComposeProject::ComposeProject() : name_("bpfrig-test-" + std::to_string(::getpid())) {}

ComposeProject::~ComposeProject() {
  const Outcome down = Compose({"--profile", "client", "down", "--volumes"});
  EXPECT_EQ(down.status, 0) << down.output;
}

Outcome ComposeProject::Compose(const Arguments& arguments, std::chrono::milliseconds limit) const {
  Arguments files;
  for (const std::string& file : files_) files = files + Arguments{"--file", file};
  return RunToEnd(
      Arguments{"env"} + environment_ +
          Arguments{"docker", "compose", "--project-directory", BPFRIG_SOURCE, "--project-name", name_} +
          files + arguments,
      limit);
}

void ComposeProject::Up() const {
  const Outcome up = Compose({"up", "--detach", "--wait"});
  ASSERT_EQ(up.status, 0) << up.output << Compose({"logs"}).output
                          << Docker({"inspect", "--format", "{{json .State.Health}}", ContainerId()}).output;
}

std::string ComposeProject::ContainerId() const {
  std::string id = Compose({"ps", "--quiet", "bpfrigd"}).output;
  return id.substr(0, id.find('\n'));
}

std::string ComposeProject::Inside(const std::string& commands) const {
  return Compose({"exec", "--no-TTY", "bpfrigd", "sh", "-c", commands}).output;
}

}  // namespace bpfrig::tests
