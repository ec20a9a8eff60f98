#include "client/command/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "common/errno_status.h"

namespace bpfrig::client::command {

absl::StatusOr<StopSignals> StopSignals::Create() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return common::ErrnoStatus("blocking signals");
  common::Fd signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.IsOpen()) return common::ErrnoStatus("opening a signalfd");
  return StopSignals(std::move(signals));
}

int StopSignals::TakeSignal() {
  signalfd_siginfo info{};
  return read(signals_.Get(), &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
}

absl::StatusOr<std::unique_ptr<StopWatcher>> StopWatcher::Start(StopSignals& signals,
                                                                std::function<void(int)> on_signal) {
  common::Fd end(eventfd(0, EFD_CLOEXEC));
  if (!end.IsOpen()) return common::ErrnoStatus("opening an eventfd");
  return std::unique_ptr<StopWatcher>(new StopWatcher(signals, std::move(end), std::move(on_signal)));
}

StopWatcher::StopWatcher(StopSignals& signals, common::Fd end, std::function<void(int)> on_signal)
    : signals_(signals), end_(std::move(end)), on_signal_(std::move(on_signal)) {
  thread_ = std::thread([this] { Watch(); });
}

StopWatcher::~StopWatcher() {
  // An eventfd that holds 0 takes 1 without waiting.
  const uint64_t one = 1;
  if (write(end_.Get(), &one, sizeof(one)) == sizeof(one)) thread_.join();
}

void StopWatcher::Watch() {
  bool stopping = false;
  while (true) {
    std::array<pollfd, 2> fds = {{{signals_.fd(), POLLIN, 0}, {end_.Get(), POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (fds[1].revents != 0) return;
    const int signal = signals_.TakeSignal();
    if (signal == 0) continue;
    // A second signal ends the client at once; the private daemon sees the pipe close and leaves by itself.
    if (stopping) _exit(128 + signal);
    stopping = true;
    on_signal_(signal);
  }
}

}  // namespace bpfrig::client::command
