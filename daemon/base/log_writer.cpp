#include "daemon/base/log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/fd.h"

namespace bpfrig::base {

LogWriter::LogWriter(int fd) : fd_(fd) {
  struct stat facts {};
  is_socket_ = ::fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode);
}

void LogWriter::Write(LogFormat format, const LogLine& line) {
  if (dropped_ != 0) {
    LogLine told = line;
    told.level = LogLevel::kWarning;
    const std::string message = absl::StrCat("dropped ", dropped_, " lines: the log had no room for them");
    told.message = message;
    if (TryWrite(FormatLine(format, told))) dropped_ = 0;
  }
  // In their order: none goes before it was told what is missing.
  if (dropped_ != 0 || !TryWrite(FormatLine(format, line))) ++dropped_;
}

bool LogWriter::TryWrite(const std::string& line) {
  const std::string text = absl::StrCat(is_torn_ ? "\n" : "", line);
  const ssize_t count = WriteSome(text);
  if (count <= 0) return false;
  is_torn_ = static_cast<size_t>(count) < text.size();
  return !is_torn_;
}

ssize_t LogWriter::WriteSome(const std::string& text) const {
  // journald's is a socket.
  if (is_socket_) return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  // A pipe that can be written to has room for kMaxLineBytes.
  pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) == 0) return 0;
  return room.revents != 0 ? ::write(fd_, text.data(), text.size()) : 0;
}

void KeepStderrFromBlocking() {
  struct stat facts {};
  if (::fstat(STDERR_FILENO, &facts) != 0 || !S_ISFIFO(facts.st_mode)) return;
  const common::Fd own(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  // The pipe may be somebody else's: then it stays as it is.
  if (own.IsOpen()) (void)::dup2(own.Get(), STDERR_FILENO);
}

}  // namespace bpfrig::base
