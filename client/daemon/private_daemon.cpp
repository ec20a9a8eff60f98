#include "client/daemon/private_daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/daemon/find_daemon.h"
#include "common/errno_status.h"

extern char** environ;  // NOLINT: declared by no header in strict mode.

namespace bpfrig::client::daemon {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds kReadyTimeout = seconds(20);
constexpr milliseconds kExitTimeout = seconds(10);
constexpr off_t kTailBytes = 4096;
// How the names of bpfrigd's options for remote use start.
constexpr std::array<const char*, 5> kDoorVariables = {"BPFRIGD_LISTEN", "BPFRIGD_GROUP", "BPFRIGD_TLS_",
                                                       "BPFRIGD_TOKEN", "BPFRIGD_UNENCRYPTED_"};

struct Pipe {
  common::Fd read;
  common::Fd write;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return common::ErrnoStatus("making a pipe");
  return Pipe{common::Fd(fds[0]), common::Fd(fds[1])};
}

// The daemon's environment: ours without the options that let others in or give it secrets. Those are for a
// daemon that lives for more than one run.
std::vector<std::string> DaemonEnvironment() {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    const bool opens_a_door = std::any_of(kDoorVariables.begin(), kDoorVariables.end(),
                                          [&](const char* start) { return absl::StartsWith(text, start); });
    if (!opens_a_door) environment.emplace_back(text);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Waits until the descriptor is readable. False if the time is over.
bool WaitReadable(int fd, milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    pollfd poll_fd{fd, POLLIN, 0};
    const int ready = poll(&poll_fd, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// What the daemon's process starts with: signals as if from a shell, its own process group (Ctrl-C is for the
// client, which ends the daemon in order), and the descriptors that are meant for it.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int Prepare(int ready_fd, int lifeline_fd, int log_fd) {
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (int error = posix_spawnattr_setsigmask(&attributes_, &none)) return error;
    if (int error = posix_spawnattr_setsigdefault(&attributes_, &defaults)) return error;
    if (int error = posix_spawnattr_setpgroup(&attributes_, 0)) return error;
    if (int error = posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)) {
      return error;
    }
    // A descriptor duplicated onto itself loses CLOEXEC, in the child only.
    if (int error = posix_spawn_file_actions_adddup2(&actions_, ready_fd, ready_fd)) return error;
    if (int error = posix_spawn_file_actions_adddup2(&actions_, lifeline_fd, lifeline_fd)) return error;
    if (int error = posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0)) {
      return error;
    }
    if (log_fd < 0) return 0;
    if (int error = posix_spawn_file_actions_adddup2(&actions_, log_fd, STDOUT_FILENO)) return error;
    return posix_spawn_file_actions_adddup2(&actions_, log_fd, STDERR_FILENO);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

absl::StatusOr<PrivateDaemon> PrivateDaemon::Start(const PrivateDaemonOptions& options, int stop_fd) {
  absl::StatusOr<std::string> executable = FindDaemon(options.executable);
  if (!executable.ok()) {
    return absl::NotFoundError(absl::StrCat(executable.status().message(),
                                            "; or give --target ADDRESS of a daemon that runs already"));
  }
  absl::StatusOr<Pipe> ready = MakePipe();
  if (!ready.ok()) return std::move(ready).status();
  absl::StatusOr<Pipe> lifeline = MakePipe();
  if (!lifeline.ok()) return std::move(lifeline).status();

  PrivateDaemon daemon;
  daemon.executable_ = *executable;
  if (absl::Status status = daemon.MakeDirectory(); !status.ok()) return status;
  if (absl::Status status = daemon.Spawn(options, ready->write.Get(), lifeline->read.Get()); !status.ok()) {
    return status;
  }
  daemon.lifeline_ = std::move(lifeline->write);
  // So that its end is seen as the end of the pipe.
  ready->write.Close();
  if (absl::Status status = daemon.WaitUntilReady(ready->read.Get(), stop_fd); !status.ok()) return status;
  return daemon;
}

absl::Status PrivateDaemon::MakeDirectory() {
  std::error_code error;
  const fs::path base = fs::temp_directory_path(error);
  std::string pattern = ((error ? fs::path("/tmp") : base) / "bpfrig-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return common::ErrnoStatus(absl::StrCat("making ", pattern));
  directory_ = pattern;
  socket_ = absl::StrCat(directory_, "/socket");
  return absl::OkStatus();
}

absl::Status PrivateDaemon::Spawn(const PrivateDaemonOptions& options, int ready_fd, int lifeline_fd) {
  if (!options.verbose) {
    log_ = common::Fd(memfd_create("bpfrigd-log", MFD_CLOEXEC));
    if (!log_.IsOpen()) return common::ErrnoStatus("making a memfd for the daemon's log");
  }
  SpawnSettings settings;
  if (int error = settings.Prepare(ready_fd, lifeline_fd, log_.Get())) {
    return common::ErrnoStatus("preparing to start the daemon", error);
  }
  std::vector<std::string> arguments = {executable_,
                                        "--listen",
                                        target(),
                                        "--ready-fd",
                                        absl::StrCat(ready_fd),
                                        "--lifeline-fd",
                                        absl::StrCat(lifeline_fd),
                                        "--private"};
  if (options.no_perfmon) arguments.push_back("--no-perfmon");
  for (const std::string& name : options.allow_load) {
    arguments.insert(arguments.end(), {"--allow-load", name});
  }
  std::vector<std::string> environment = DaemonEnvironment();
  pid_t pid = -1;
  if (int error = posix_spawn(&pid, executable_.c_str(), settings.actions(), settings.attributes(),
                              Pointers(arguments).data(), Pointers(environment).data())) {
    return common::ErrnoStatus(absl::StrCat("starting ", executable_), error);
  }
  pid_ = pid;
  process_ = common::Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process_.IsOpen()) return common::ErrnoStatus(absl::StrCat("opening a pidfd for ", executable_));
  return absl::OkStatus();
}

absl::Status PrivateDaemon::WaitUntilReady(int ready_fd, int stop_fd) {
  const auto deadline = steady_clock::now() + kReadyTimeout;
  std::array<pollfd, 2> fds = {{{ready_fd, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  while (fds[0].revents == 0 && fds[1].revents == 0) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno != EINTR) return common::ErrnoStatus("waiting for the daemon");
    if (ready == 0) {
      return absl::DeadlineExceededError(absl::StrCat("the daemon did not serve within ",
                                                      kReadyTimeout.count() / 1000, " s",
                                                      log_.IsOpen() ? DescribeLog() : ""));
    }
  }
  if (fds[1].revents != 0) return absl::CancelledError("interrupted while the daemon started");
  char byte = 0;
  if (read(ready_fd, &byte, 1) == 1) return absl::OkStatus();
  lifeline_.Close();
  const bool exited = WaitForExit(kExitTimeout);
  return absl::InternalError(
      absl::StrCat("the daemon did not start: ", exited ? DescribeExit() : "it closed its ready pipe",
                   log_.IsOpen() ? DescribeLog() : ""));
}

PrivateDaemon::PrivateDaemon(PrivateDaemon&& other) noexcept
    : executable_(std::move(other.executable_)),
      directory_(std::exchange(other.directory_, {})),
      socket_(std::exchange(other.socket_, {})),
      pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      process_(std::move(other.process_)),
      lifeline_(std::move(other.lifeline_)),
      log_(std::move(other.log_)) {}

PrivateDaemon& PrivateDaemon::operator=(PrivateDaemon&& other) noexcept {
  std::swap(executable_, other.executable_);
  std::swap(directory_, other.directory_);
  std::swap(socket_, other.socket_);
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  std::swap(process_, other.process_);
  std::swap(lifeline_, other.lifeline_);
  std::swap(log_, other.log_);
  return *this;
}

PrivateDaemon::~PrivateDaemon() {
  if (absl::Status status = Close(); !status.ok()) {
    std::cerr << "bpfrig: ending the private daemon: " << status.message() << "\n";
  }
}

absl::Status PrivateDaemon::Close() {
  lifeline_.Close();
  absl::Status result;
  if (pid_ > 0) {
    if (!WaitForExit(kExitTimeout)) {
      kill(pid_, SIGKILL);
      result = absl::DeadlineExceededError(
          absl::StrCat("the daemon did not leave within ", kExitTimeout.count() / 1000, " s and was killed"));
      if (!WaitForExit(kExitTimeout)) pid_ = -1;
    } else if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0) {
      result = absl::InternalError(absl::StrCat("the daemon failed: ", DescribeExit()));
    }
  }
  RemoveDirectory();
  return result;
}

bool PrivateDaemon::WaitForExit(milliseconds timeout) {
  if (pid_ <= 0) return true;
  if (process_.IsOpen() && !WaitReadable(process_.Get(), timeout)) return false;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid_, &status_, 0);
  } while (reaped < 0 && errno == EINTR);
  pid_ = -1;
  return true;
}

void PrivateDaemon::RemoveDirectory() {
  if (directory_.empty()) return;
  // The daemon, as --private, has removed it already, unless it never came up or was killed.
  std::error_code error;
  fs::remove_all(directory_, error);
  if (error) std::cerr << "bpfrig: removing " << directory_ << ": " << error.message() << "\n";
  directory_.clear();
}

std::string PrivateDaemon::DescribeExit() const {
  if (WIFSIGNALED(status_)) {
    return absl::StrCat("signal ", WTERMSIG(status_), " (", strsignal(WTERMSIG(status_)), ")");
  }
  return absl::StrCat("exit status ", WEXITSTATUS(status_));
}

std::string PrivateDaemon::DescribeLog() const {
  const std::string tail = LogTail();
  return tail.empty() ? absl::StrCat("; it logged nothing, and ", executable_, " by itself may tell more")
                      : absl::StrCat("; its log ends:\n", tail);
}

std::string PrivateDaemon::LogTail() const {
  if (!log_.IsOpen()) return "";
  const off_t size = lseek(log_.Get(), 0, SEEK_CUR);
  const off_t start = std::max<off_t>(0, size - kTailBytes);
  std::string tail(static_cast<size_t>(std::max<off_t>(0, size - start)), '\0');
  const ssize_t count = pread(log_.Get(), tail.data(), tail.size(), start);
  tail.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
  if (start > 0) tail.erase(0, tail.find('\n') + 1);
  return tail;
}

}  // namespace bpfrig::client::daemon
