#include "daemon/base/log.h"

#include <unistd.h>

#include <mutex>
#include <string>

#include "absl/time/clock.h"
#include "daemon/base/log_format.h"
#include "daemon/base/log_writer.h"

namespace bpfrig::base {
namespace {

// What all lines of the process have in common.
class Logger {
 public:
  void SetName(absl::string_view name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    name_ = std::string(name);
  }
  void SetFormat(LogFormat format) {
    const std::lock_guard<std::mutex> lock(mutex_);
    format_ = format;
  }
  void SetLevel(LogLevel level) {
    const std::lock_guard<std::mutex> lock(mutex_);
    level_ = level;
  }
  void Write(LogLevel level, absl::string_view message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (level < level_) return;
    writer_.Write(format_, {.time = absl::Now(), .level = level, .process = name_, .message = message});
  }

 private:
  std::mutex mutex_;
  std::string name_;
  LogFormat format_ = LogFormat::kText;
  LogLevel level_ = LogLevel::kInfo;
  LogWriter writer_{STDERR_FILENO};
};

// The one thing that a process has for all: whatever happens can be logged. It is there until the very end.
Logger& ProcessLogger() {
  static auto* const logger = new Logger;
  return *logger;
}

}  // namespace

void SetLogName(absl::string_view name) { ProcessLogger().SetName(name); }

void SetLogFormat(LogFormat format) { ProcessLogger().SetFormat(format); }

void SetLogLevel(LogLevel level) { ProcessLogger().SetLevel(level); }

void Log(LogLevel level, absl::string_view message) { ProcessLogger().Write(level, message); }

void LogDebug(absl::string_view message) { Log(LogLevel::kDebug, message); }
void LogInfo(absl::string_view message) { Log(LogLevel::kInfo, message); }
void LogWarning(absl::string_view message) { Log(LogLevel::kWarning, message); }
void LogError(absl::string_view message) { Log(LogLevel::kError, message); }

}  // namespace bpfrig::base
