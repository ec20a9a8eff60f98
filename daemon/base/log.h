// The daemon's log: one line an event, to stderr. An error is logged once, where it is handled. Nobody waits
// for the log to be read (log_writer.h).
#pragma once

#include "absl/strings/string_view.h"

namespace bpfrig::base {

enum class LogFormat { kText, kJson };
// Names the process in every line ("supervisor", "front", "worker 7"). From main, before there are threads.
void SetLogName(absl::string_view name);
void SetLogFormat(LogFormat format);

enum class LogLevel { kDebug, kInfo, kWarning, kError };
// Lines below this level are dropped; kInfo until set.
void SetLogLevel(LogLevel level);

void Log(LogLevel level, absl::string_view message);
void LogDebug(absl::string_view message);
void LogInfo(absl::string_view message);
void LogWarning(absl::string_view message);
void LogError(absl::string_view message);

}  // namespace bpfrig::base
