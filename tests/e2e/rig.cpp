#include "tests/e2e/rig.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/deadline.h"

namespace bpfrig::tests {
namespace {

std::string TemporaryPath(const std::string& name) { return std::string(std::getenv("TMPDIR")) + "/" + name; }

// In memory where that can be: to remove a file from a disk may wait for a CPU on which a program spins.
std::string SocketPath(const std::string& name) {
  const std::string memory = "/dev/shm";
  if (::access(memory.c_str(), W_OK) != 0) return TemporaryPath(name);
  const std::filesystem::path own = std::getenv("TMPDIR");
  return memory + "/" + own.filename().string() + "-" + name;
}

// A test may have several daemons at once; the next one in a killed one's place gets its socket's path.
int living_daemons = 0;

std::vector<std::string> DaemonCommand(const Daemon::Launcher& launcher, const std::string& socket,
                                       const std::vector<std::string>& arguments) {
  std::vector<std::string> command = launcher.command;
  command.insert(command.end(), {Binary("bpfrigd"), "--listen", "unix:" + socket});
  // So that a test knows whose each worker is.
  if (std::find(arguments.begin(), arguments.end(), "--spare-sandboxes") == arguments.end()) {
    command.insert(command.end(), {"--spare-sandboxes", "0"});
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

std::string Binary(const std::string& name) { return std::string(BPFRIG_BIN) + "/" + name; }

TemporaryFile::TemporaryFile(const std::string& name, const std::string& text) : path_(TemporaryPath(name)) {
  std::ofstream(path_) << text;
}

TemporaryFile::~TemporaryFile() {
  std::error_code error;
  std::filesystem::remove(path_, error);
}

Daemon::Daemon(const std::vector<std::string>& arguments) : Daemon(Launcher(), arguments) {}

Daemon::Daemon(const Launcher& launcher, const std::vector<std::string>& arguments)
    : socket_(SocketPath("daemon" + std::to_string(living_daemons++) + ".sock")),
      process_(Subprocess::Start(DaemonCommand(launcher, socket_, arguments))) {
  const bool serving = WaitUntil(kPatience, [&] {
    return std::filesystem::exists(socket_) &&
           RunToEnd({Binary("bpfrig"), "info", "--target", Target()}).status == 0;
  });
  EXPECT_TRUE(serving) << "the daemon does not answer";
}

Daemon::~Daemon() {
  --living_daemons;
  if (process_.Pid() <= 0) return;
  process_.Signal(SIGTERM);
  const Outcome outcome = process_.Wait(kPatience);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

pid_t FrontOf(pid_t daemon) {
  for (const pid_t pid : DescendantsOf(daemon)) {
    if (CommandLineOf(pid).find("bpfrigd-front") != std::string::npos) return pid;
  }
  return -1;
}

std::vector<pid_t> Daemon::WorkersBelow(pid_t pid) {
  std::vector<pid_t> workers;
  for (const pid_t descendant : DescendantsOf(pid)) {
    if (CommandLineOf(descendant).find("bpfrigd worker ") == 0) workers.push_back(descendant);
  }
  return workers;
}

std::vector<std::string> RunCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {Binary("bpfrig"), "run", "--control",
                                      "never",          "-I",  BPFRIG_BPF_OBJECTS};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::string WaitingPlan() {
  return R"(name: waiting
tests:
  - name: waits for what never comes
    steps:
      - listen: {name: silent, at: {address: 127.0.0.1, port: 7000}}
      - connect: {name: c, to: {address: 127.0.0.1, port: 7000}}
        expect: {server: silent}
      - receive: {connection: c, at_least: 1, timeout: 60s}
        expect: {data: !text never}
)";
}

}  // namespace bpfrig::tests
