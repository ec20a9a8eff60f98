#include "daemon/base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <string>

#include "daemon/base/log_format.h"
#include "daemon/base/log_writer.h"

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

LogLevel FromSpdlog(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return LogLevel::kError;
  if (level == spdlog::level::warn) return LogLevel::kWarning;
  return level == spdlog::level::info ? LogLevel::kInfo : LogLevel::kDebug;
}

class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(LogFormat format) : format_(format) {}

  [[nodiscard]] LogFormat format() const { return format_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    writer_.Write(format_, {.time = absl::FromChrono(message.time),
                            .level = FromSpdlog(message.level),
                            .process = {message.logger_name.data(), message.logger_name.size()},
                            .message = {message.payload.data(), message.payload.size()}});
  }
  void flush_() override {}

  const LogFormat format_;
  LogWriter writer_{STDERR_FILENO};
};

void SetLogger(absl::string_view name, LogFormat format) {
  auto logger = std::make_shared<spdlog::logger>(std::string(name), std::make_shared<Sink>(format));
  logger->set_level(spdlog::default_logger()->level());
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

void SetLogName(absl::string_view name) {
  const auto old = std::dynamic_pointer_cast<Sink>(spdlog::default_logger()->sinks().front());
  SetLogger(name, old ? old->format() : LogFormat::kText);
}

void SetLogFormat(LogFormat format) { SetLogger(spdlog::default_logger()->name(), format); }

void SetLogLevel(LogLevel level) { spdlog::set_level(ToSpdlog(level)); }

void Log(LogLevel level, absl::string_view message) {
  // Passed as an argument: a message is never a format string.
  spdlog::log(ToSpdlog(level), "{}", spdlog::string_view_t(message.data(), message.size()));
}

void LogDebug(absl::string_view message) { Log(LogLevel::kDebug, message); }
void LogInfo(absl::string_view message) { Log(LogLevel::kInfo, message); }
void LogWarning(absl::string_view message) { Log(LogLevel::kWarning, message); }
void LogError(absl::string_view message) { Log(LogLevel::kError, message); }

}  // namespace bpfrig::base
