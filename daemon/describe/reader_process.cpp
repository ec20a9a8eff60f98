#include "daemon/describe/reader_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/format_bytes.h"
#include "common/open_fds.h"
#include "daemon/base/status.h"
#include "daemon/describe/confine.h"
#include "daemon/describe/object_bytes.h"
#include "daemon/ipc/shown_strings.h"

namespace bpfrig::describe {
namespace {

// Longer than a reader may compute: it may have to wait for a processor, or for standard input.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr size_t kMaxResult = size_t{64} << 20;
// What a result starts with.
constexpr char kDescription = 'D';
constexpr char kRefusal = 'R';

std::string Explain(const absl::Status& status) {
  const std::string hint = base::DetailOf(status).hint;
  return absl::StrCat(status.message(), hint.empty() ? "" : "; ", hint);
}

std::string Refusal(absl::string_view message) { return absl::StrCat(std::string(1, kRefusal), message); }

std::string Read(int object, const Assumptions& assumptions) {
  const absl::StatusOr<std::string> elf = ReadObject(object);
  if (!elf.ok()) return Refusal(Explain(elf.status()));
  absl::StatusOr<v1::ObjectDescription> description = DescribeObject(*elf, assumptions);
  if (!description.ok()) return Refusal(Explain(description.status()));
  ipc::ShowStrings(*description);
  return absl::StrCat(std::string(1, kDescription), description->SerializeAsString());
}

void WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = TEMP_FAILURE_RETRY(::write(fd, bytes.data(), bytes.size()));
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

// Only the object and the way back stay open. What a crash prints is of no use to anybody.
absl::Status PlaceDescriptors(int object, int result) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  // Out of each other's way first.
  constexpr int kAbove = 10;
  const int object_copy = ::fcntl(object, F_DUPFD_CLOEXEC, kAbove);
  const int result_copy = ::fcntl(result, F_DUPFD_CLOEXEC, kAbove);
  const int null_copy = ::fcntl(null, F_DUPFD_CLOEXEC, kAbove);
  if (object_copy < 0 || result_copy < 0 || null_copy < 0) return base::ErrnoError("copying descriptors");
  if (::dup2(object_copy, STDIN_FILENO) < 0 || ::dup2(result_copy, STDOUT_FILENO) < 0) {
    return base::ErrnoError("placing descriptors");
  }
#ifndef BPFRIG_SANITIZED
  if (::dup2(null_copy, STDERR_FILENO) < 0) return base::ErrnoError("placing descriptors");
#endif
  common::CloseFdsFrom(STDERR_FILENO + 1);
  return absl::OkStatus();
}

[[noreturn]] void RunReader(int object, int result, const Assumptions& assumptions) {
  std::string outcome;
  absl::Status ready = PlaceDescriptors(object, result);
  if (ready.ok()) ready = Confine();
  if (!ready.ok()) {
    outcome = Refusal(Explain(ready));
  } else {
    try {
      outcome = Read(STDIN_FILENO, assumptions);
    } catch (const std::bad_alloc&) {
      outcome = Refusal(absl::StrCat("it takes more than ", common::FormatBytes(kReaderBytes), " of memory"));
    }
  }
  WriteAll(STDOUT_FILENO, outcome);
  ::_exit(0);
}

int MillisecondsUntil(absl::Time deadline) {
  return static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(deadline - absl::Now())));
}

bool IsReadable(int fd, absl::Time deadline) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  return TEMP_FAILURE_RETRY(::poll(&watched, 1, MillisecondsUntil(deadline))) > 0;
}

// False if the deadline came first, or it is too much.
bool ReadResult(int fd, absl::Time deadline, std::string& result) {
  std::array<char, 1 << 16> buffer{};
  while (result.size() <= kMaxResult && IsReadable(fd, deadline)) {
    const ssize_t count = TEMP_FAILURE_RETRY(::read(fd, buffer.data(), buffer.size()));
    if (count <= 0) return count == 0;
    result.append(buffer.data(), static_cast<size_t>(count));
  }
  return false;
}

absl::StatusOr<v1::ObjectDescription> Failed(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

absl::StatusOr<v1::ObjectDescription> FromResult(absl::string_view result) {
  v1::ObjectDescription description;
  if (!result.empty() && result[0] == kDescription &&
      description.ParseFromArray(result.data() + 1, static_cast<int>(result.size() - 1))) {
    return description;
  }
  if (result.size() > 1 && result[0] == kRefusal) return Failed(result.substr(1));
  return Failed("the process that read it told nothing");
}

// How a reader that did not come to an end of its own is reported.
std::string DescribeEnd(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
    return absl::StrCat("it takes more than ", kReaderSeconds, " s of processor time");
  }
  const std::string end = WIFSIGNALED(status)
                              ? absl::StrCat("signal ", WTERMSIG(status), ", ", ::strsignal(WTERMSIG(status)))
                              : absl::StrCat("status ", WEXITSTATUS(status));
  return absl::StrCat("the process that read it crashed (", end,
                      "), which harmed nothing else: libbpf cannot read these bytes; compile the object "
                      "again");
}

absl::StatusOr<v1::ObjectDescription> Await(pid_t reader, const common::Fd& result_fd) {
  const common::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, reader, 0)));
  const absl::Time deadline = absl::Now() + kPatience;
  std::string result;
  const bool is_whole = ReadResult(result_fd.Get(), deadline, result);
  const bool has_ended = is_whole && IsReadable(pidfd.Get(), deadline);
  if (!has_ended) (void)::kill(reader, SIGKILL);
  int status = 0;
  if (TEMP_FAILURE_RETRY(::waitpid(reader, &status, 0)) != reader) {
    return Failed("waiting for the process that read it failed");
  }
  if (result.size() > kMaxResult) return Failed("its description would be larger than anybody wants");
  if (!has_ended) {
    return Failed(absl::StrCat("it takes longer than ", absl::ToInt64Seconds(kPatience), " s"));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Failed(DescribeEnd(status));
  return FromResult(result);
}

}  // namespace

absl::StatusOr<v1::ObjectDescription> DescribeApart(common::Fd object, const Assumptions& assumptions) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return base::ErrnoError("making a pipe");
  const common::Fd result(fds[0]);
  common::Fd writing_end(fds[1]);
  const pid_t reader = ::fork();
  if (reader < 0) return base::ErrnoError("starting a process for it");
  if (reader == 0) RunReader(object.Get(), writing_end.Get(), assumptions);
  writing_end.Close();
  return Await(reader, result);
}

}  // namespace bpfrig::describe
