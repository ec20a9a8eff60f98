#include "daemon/base/limited_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace bpfrig::base {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);
// The thing that all things beyond kMaxThings are.
constexpr char kOthers[] = "other things";

}  // namespace

void LimitedLog::Say(LogLevel level, const std::string& thing, absl::string_view line, absl::Time now) {
  const std::lock_guard lock(mutex_);
  FlushLocked(now);
  const auto found = things_.find(thing);
  if (found != things_.end()) {
    ++found->second.unsaid;
  } else if (things_.size() < kMaxThings) {
    things_[thing] = {.level = level, .until = now + kInterval, .unsaid = 0};
    sink_(level, line);
  } else {
    Thing& others = things_[kOthers];
    if (others.unsaid++ == 0) others.until = now + kInterval;
    others.level = level;
  }
}

void LimitedLog::Flush(absl::Time now) {
  const std::lock_guard lock(mutex_);
  FlushLocked(now);
}

void LimitedLog::FlushLocked(absl::Time now) {
  for (auto each = things_.begin(); each != things_.end();) {
    auto& [name, thing] = *each;
    if (thing.until > now) {
      ++each;
      continue;
    }
    if (thing.unsaid != 0) sink_(thing.level, absl::StrCat(name, ": ", thing.unsaid, " more times"));
    each = things_.erase(each);
  }
}

absl::Time LimitedLog::NextFlush() const {
  const std::lock_guard lock(mutex_);
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, thing] : things_) next = std::min(next, thing.until);
  return next;
}

LimitedLog& ProcessLimitedLog() {
  static auto* const log = new LimitedLog([](LogLevel level, absl::string_view line) { Log(level, line); });
  return *log;
}

void LogLimited(LogLevel level, const std::string& thing, absl::string_view line) {
  ProcessLimitedLog().Say(level, thing, line, absl::Now());
}

}  // namespace bpfrig::base
