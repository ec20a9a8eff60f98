#include "tests/support/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "tests/support/deadline.h"
#include "tests/support/file.h"

namespace bpfrig::tests {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds Until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

Subprocess Subprocess::Start(const std::vector<std::string>& argv) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(pipe[1], STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    std::perror(arguments[0]);
    ::_exit(127);
  }
  ::close(pipe[1]);
  return Subprocess(pid, pipe[0]);
}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_fd_(std::exchange(other.output_fd_, -1)),
      output_(std::move(other.output_)) {}

Subprocess::~Subprocess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_fd_ >= 0) ::close(output_fd_);
}

bool Subprocess::ReadSome(std::chrono::milliseconds limit) {
  pollfd poll_fd{.fd = output_fd_, .events = POLLIN, .revents = 0};
  if (::poll(&poll_fd, 1, static_cast<int>(limit.count())) <= 0) return false;
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(output_fd_, buffer.data(), buffer.size());
  if (count <= 0) return false;
  output_.append(buffer.data(), static_cast<size_t>(count));
  return true;
}

bool Subprocess::WaitForOutput(const std::string& text, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (output_.find(text) == std::string::npos) {
    if (!ReadSome(Until(deadline))) return false;
  }
  return true;
}

const std::string& Subprocess::Output() {
  while (ReadSome(std::chrono::milliseconds(0))) {
  }
  return output_;
}

void Subprocess::Signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

Outcome Subprocess::Wait(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  Outcome outcome;
  int status = 0;
  // Grandchildren may hold the output open: the end of the process counts, not the pipe's.
  const bool ended = WaitUntil(limit, [&] {
    while (ReadSome(std::chrono::milliseconds(0))) {
    }
    return ::waitpid(pid_, &status, WNOHANG) == pid_;
  });
  if (!ended) {
    outcome.timed_out = true;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  while (ReadSome(std::min(Until(deadline), std::chrono::milliseconds(0)))) {
  }
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.output = output_;
  return outcome;
}

Outcome RunToEnd(const std::vector<std::string>& argv, std::chrono::milliseconds limit) {
  return Subprocess::Start(argv).Wait(limit);
}

std::vector<pid_t> DescendantsOf(pid_t pid) {
  std::vector<pid_t> found;
  std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child = 0; children >> child;) {
    found.push_back(child);
    for (const pid_t grandchild : DescendantsOf(child)) found.push_back(grandchild);
  }
  return found;
}

std::string CommandLineOf(pid_t pid) {
  std::string line = ReadAll("/proc/" + std::to_string(pid) + "/cmdline");
  std::replace(line.begin(), line.end(), '\0', ' ');
  return line;
}

std::string StatusField(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) != 0) continue;
    const size_t value = line.find_first_not_of(" \t", name.size() + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

}  // namespace bpfrig::tests
