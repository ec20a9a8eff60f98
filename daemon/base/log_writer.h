// LogWriter: writes the log's lines to stderr, and never waits for whoever reads them: a line that there is
// no room for, in a pipe or on a disk, is dropped, and the next that goes says how many were. The log has
// one; the supervisor calls KeepStderrFromBlocking for all processes of the daemon, whose stderr is the same.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "daemon/base/log_format.h"

namespace bpfrig::base {

class LogWriter {
 public:
  // Borrows the descriptor.
  explicit LogWriter(int fd);

  // Not from two threads at once.
  void Write(LogFormat format, const LogLine& line);

 private:
  // False if it was dropped.
  [[nodiscard]] bool TryWrite(const std::string& line);
  // How many bytes went, if any.
  [[nodiscard]] ssize_t WriteSome(const std::string& text) const;

  const int fd_;
  bool is_socket_ = false;
  // Whether the last that went is a part of a line, as the end of a disk leaves it.
  bool is_torn_ = false;
  uint64_t dropped_ = 0;
};

// If stderr is a pipe, opens it anew, so that it can be made non-blocking: the flag belongs to whoever opened
// it, and those who have it from elsewhere would not expect it. Without that, two processes that find room
// for a line at the same time may wait for it. Before there are threads or children.
void KeepStderrFromBlocking();

}  // namespace bpfrig::base
