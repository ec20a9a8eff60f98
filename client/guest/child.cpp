#include "client/guest/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/errno_status.h"

namespace bpfrig::client::guest {
namespace {

constexpr size_t kTailBytes = 2000;
// Above all numbers that a child gets its descriptors as.
constexpr int kOutOfTheWay = 16;

// In the child, before it becomes the program; nothing here allocates.
[[noreturn]] void Become(char* const* argv, int output, const std::vector<int>& passed, int report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Ctrl-C is for us, who end it.
  setpgid(0, 0);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  int number = STDERR_FILENO;
  for (const int fd : passed) dup2(fd, ++number);
  execvp(argv[0], argv);
  const int error = errno;
  if (write(report, &error, sizeof(error)) < 0) _exit(126);
  _exit(127);
}

absl::StatusOr<std::array<common::Fd, 2>> MakeHighPipe() {
  std::array<int, 2> low{};
  if (pipe2(low.data(), O_CLOEXEC) != 0) return common::ErrnoStatus("making a pipe");
  std::array<common::Fd, 2> ends;
  for (size_t i = 0; i < ends.size(); ++i) {
    const common::Fd opened(low[i]);
    ends[i] = common::Fd(fcntl(opened.Get(), F_DUPFD_CLOEXEC, kOutOfTheWay));
  }
  return ends;
}

}  // namespace

absl::StatusOr<Child> Child::Start(const std::vector<std::string>& argv, const std::vector<int>& passed) {
  absl::StatusOr<std::array<common::Fd, 2>> output = MakeHighPipe();
  if (!output.ok()) return std::move(output).status();
  absl::StatusOr<std::array<common::Fd, 2>> report = MakeHighPipe();
  if (!report.ok()) return std::move(report).status();
  std::vector<std::string> texts = argv;
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  std::vector<common::Fd> moved;
  std::vector<int> numbers;
  for (const int fd : passed) {
    moved.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay));
    numbers.push_back(moved.back().Get());
  }

  Child child;
  child.pid_ = fork();
  if (child.pid_ < 0) return common::ErrnoStatus("starting a process");
  if (child.pid_ == 0) Become(pointers.data(), (*output)[1].Get(), numbers, (*report)[1].Get());
  child.process_ = common::Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
  child.output_ = std::move((*output)[0]);
  fcntl(child.output_.Get(), F_SETFL, O_NONBLOCK);
  (*report)[1].Close();
  int error = 0;
  if (read((*report)[0].Get(), &error, sizeof(error)) == sizeof(error)) {
    return absl::NotFoundError(absl::StrCat("starting ", argv[0], ": ", std::strerror(error)));
  }
  return child;
}

Child::~Child() { Kill(); }

std::optional<int> Child::Reap() {
  int status = 0;
  if (pid_ < 0 || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Child::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

bool ReadSome(int fd, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  if (size > 0) text.append(buffer.data(), static_cast<size_t>(size));
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

absl::StatusOr<Ended> RunToEnd(const std::vector<std::string>& argv) {
  absl::StatusOr<Child> child = Child::Start(argv);
  if (!child.ok()) return std::move(child).status();
  Ended ended;
  do {
    pollfd readable{child->output(), POLLIN, 0};
    poll(&readable, 1, -1);
  } while (ReadSome(child->output(), ended.output));
  while (true) {
    if (const std::optional<int> status = child->Reap()) {
      ended.status = *status;
      return ended;
    }
    pollfd over{child->process(), POLLIN, 0};
    poll(&over, 1, -1);
  }
}

absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& argv) {
  absl::StatusOr<Ended> ended = RunToEnd(argv);
  if (!ended.ok()) return std::move(ended).status();
  if (ended->status == 0) return std::move(ended->output);
  absl::string_view tail = absl::StripSuffix(ended->output, "\n");
  if (tail.size() > kTailBytes) tail = tail.substr(tail.size() - kTailBytes);
  return absl::InternalError(absl::StrCat(argv[0], " failed with exit status ", ended->status, ": ", tail));
}

}  // namespace bpfrig::client::guest
