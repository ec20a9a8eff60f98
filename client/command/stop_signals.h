// Ctrl-C and its like: SIGINT, SIGTERM and SIGHUP come as a readable descriptor instead of ending the client,
// so that it can take its daemon down first. main makes one before the first thread.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "common/fd.h"

namespace bpfrig::client::command {

class StopSignals {
 public:
  // Blocks the signals for this thread and all threads that it makes.
  [[nodiscard]] static absl::StatusOr<StopSignals> Create();

  // Readable once a signal came, until TakeSignal().
  [[nodiscard]] int fd() const { return signals_.Get(); }
  // The signal that came, or 0.
  [[nodiscard]] int TakeSignal();

 private:
  explicit StopSignals(common::Fd signals) : signals_(std::move(signals)) {}

  common::Fd signals_;
};

// A thread that waits for the first signal and calls `on_signal` with it. A second signal ends the process.
class StopWatcher {
 public:
  // `signals` outlives it.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<StopWatcher>> Start(StopSignals& signals,
                                                                          std::function<void(int)> on_signal);
  // Ends the thread.
  ~StopWatcher();
  StopWatcher(const StopWatcher&) = delete;
  StopWatcher& operator=(const StopWatcher&) = delete;

 private:
  StopWatcher(StopSignals& signals, common::Fd end, std::function<void(int)> on_signal);
  void Watch();

  StopSignals& signals_;
  common::Fd end_;
  std::function<void(int)> on_signal_;
  std::thread thread_;
};

}  // namespace bpfrig::client::command
