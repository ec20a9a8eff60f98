// How the log writes a line. Whatever a message holds, it stays one line.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/log.h"

namespace bpfrig::base {

struct LogLine {
  absl::Time time;
  LogLevel level = LogLevel::kInfo;
  // "front"
  absl::string_view process;
  absl::string_view message;
};

// At most this long with its newline, so that a pipe takes it whole or not at all (PIPE_BUF). Messages are
// cut.
inline constexpr size_t kMaxLineBytes = 4096;

// With its newline: `2026-01-31T12:00:00.000Z info bpfrigd front: ready`, or a JSON object with the members
// time, level, process and message.
[[nodiscard]] std::string FormatLine(LogFormat format, const LogLine& line);

}  // namespace bpfrig::base
