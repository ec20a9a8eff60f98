// For tests: what a browser makes of a page. Chromium runs without a display and without a network, with all
// that it writes in a directory of its own; its processes and the directory are gone when Chromium() returns.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "common/testing/temporary_directory.h"

namespace bpfrig::client {

inline constexpr const char* kChromium = "/usr/bin/chromium";

inline bool HasChromium() { return access(kChromium, X_OK) == 0; }

// In the child: becomes Chromium. Requests would go to a proxy that is not there.
[[noreturn]] inline void BecomeChromium(const std::string& home, int output,
                                        const std::vector<std::string>& arguments) {
  setpgid(0, 0);
  for (const char* name : {"HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}) {
    setenv(name, home.c_str(), 1);
  }
  std::vector<std::string> words = {kChromium,
                                    "--headless",
                                    "--no-sandbox",
                                    "--no-zygote",
                                    "--no-first-run",
                                    "--disable-gpu",
                                    "--disable-background-networking",
                                    "--disable-component-update",
                                    "--disable-sync",
                                    "--disable-breakpad",
                                    "--disable-dev-shm-usage",
                                    "--proxy-server=127.0.0.1:9",
                                    "--user-data-dir=" + home + "/profile"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

// Until it ends, or the time is over.
inline std::string ReadAll(int fd, std::chrono::steady_clock::time_point deadline) {
  std::string output;
  std::array<char, 4096> buffer{};
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready = {fd, POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) <= 0) return output;
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count <= 0) return output;
    output.append(buffer.data(), static_cast<size_t>(count));
  }
}

// What it prints with these arguments, within a minute.
inline std::string Chromium(const std::vector<std::string>& arguments) {
  using std::chrono::steady_clock;
  const common::TemporaryDirectory home;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return "";
  const pid_t pid = fork();
  if (pid == 0) BecomeChromium(home.path().string(), ends[1], arguments);
  close(ends[1]);
  if (pid < 0) return "";
  setpgid(pid, pid);
  std::string output = ReadAll(ends[0], steady_clock::now() + std::chrono::minutes(1));
  close(ends[0]);
  kill(-pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  // Its children are not ours to wait for; until they are gone they may write.
  const auto deadline = steady_clock::now() + std::chrono::seconds(5);
  while (kill(-pid, SIGKILL) == 0 && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return output;
}

}  // namespace bpfrig::client
