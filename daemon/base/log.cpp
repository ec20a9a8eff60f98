#include "daemon/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace bpfrig::base {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void SetLogName(absl::string_view name) {
  auto logger =
      std::make_shared<spdlog::logger>(std::string(name), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l bpfrigd %n: %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::default_logger()->level());
  spdlog::set_default_logger(std::move(logger));
}

void Log(LogLevel level, absl::string_view message) {
  // Passed as an argument: a message is never a format string.
  spdlog::log(ToSpdlog(level), "{}", spdlog::string_view_t(message.data(), message.size()));
}

void SetLogLevel(LogLevel level) { spdlog::set_level(ToSpdlog(level)); }

void LogDebug(absl::string_view message) { Log(LogLevel::kDebug, message); }
void LogInfo(absl::string_view message) { Log(LogLevel::kInfo, message); }
void LogWarning(absl::string_view message) { Log(LogLevel::kWarning, message); }
void LogError(absl::string_view message) { Log(LogLevel::kError, message); }

}  // namespace bpfrig::base
