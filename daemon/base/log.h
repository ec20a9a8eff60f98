// The daemon's log: one line an event, to stderr. An error is logged once, where it is handled.
#pragma once

#include "absl/strings/string_view.h"

namespace bpfrig::base {

// Names the process in every line ("supervisor", "front", "worker 7"). Call it once, from main.
void SetLogName(absl::string_view name);

enum class LogLevel { kDebug, kInfo, kWarning, kError };
// Lines below this level are dropped; kInfo until set.
void SetLogLevel(LogLevel level);

void Log(LogLevel level, absl::string_view message);
void LogDebug(absl::string_view message);
void LogInfo(absl::string_view message);
void LogWarning(absl::string_view message);
void LogError(absl::string_view message);

}  // namespace bpfrig::base
