// LimitedLog: what strangers can make the daemon say as often as they like: once a second for each thing
// said, and then how often it happened meanwhile. The front says so of refusals, and of who comes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/base/log.h"

namespace bpfrig::base {

class LimitedLog {
 public:
  // Things beyond this many in a second are counted together.
  static constexpr size_t kMaxThings = 16;

  using Sink = std::function<void(LogLevel, absl::string_view)>;
  explicit LimitedLog(Sink sink) : sink_(std::move(sink)) {}

  // Lines about the same `thing` count as the same: "wrong token" for all methods.
  void Say(LogLevel level, const std::string& thing, absl::string_view line, absl::Time now);
  // Says how often things happened that were not said, once their second is over.
  void Flush(absl::Time now);
  // When there may be something to flush.
  [[nodiscard]] absl::Time NextFlush() const;

 private:
  struct Thing {
    LogLevel level = LogLevel::kInfo;
    absl::Time until;
    uint64_t unsaid = 0;
  };

  void FlushLocked(absl::Time now);

  const Sink sink_;
  mutable std::mutex mutex_;
  std::map<std::string, Thing> things_;
};

// The process's own. Whoever logs to it late flushes it for those before; the front's connections do so too.
[[nodiscard]] LimitedLog& ProcessLimitedLog();
void LogLimited(LogLevel level, const std::string& thing, absl::string_view line);

}  // namespace bpfrig::base
