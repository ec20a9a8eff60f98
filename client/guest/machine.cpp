#include "client/guest/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/errno_status.h"

namespace bpfrig::client::guest {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kConsoleLines = 12;
constexpr const char* kQemu = "qemu-system-x86_64";

struct Pipe {
  common::Fd read;
  common::Fd write;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return common::ErrnoStatus("making a pipe");
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{common::Fd(ends[0]), common::Fd(ends[1])};
}

// The machine: nothing but processors, memory and two serial ports. Its descriptors are 3 (the console), 4
// (the results) and 5 (the initramfs).
std::vector<std::string> CommandLine(const MachineOptions& options) {
  const std::string cpu = options.accelerator == "kvm" ? "host" : "max";
  return {kQemu,
          "-nodefaults",
          "-display",
          "none",
          "-nic",
          "none",
          "-no-reboot",
          "-accel",
          options.accelerator,
          "-cpu",
          cpu,
          "-smp",
          absl::StrCat(options.cpus),
          "-m",
          absl::StrCat(options.memory_mib),
          "-add-fd",
          "fd=3,set=1",
          "-add-fd",
          "fd=4,set=2",
          "-chardev",
          "file,id=console,append=on,path=/dev/fdset/1",
          "-chardev",
          "file,id=results,append=on,path=/dev/fdset/2",
          "-serial",
          "chardev:console",
          "-serial",
          "chardev:results",
          "-kernel",
          options.kernel,
          "-initrd",
          "/proc/self/fd/5",
          "-append",
          absl::StrCat("console=ttyS0 panic=-1 no_timer_check ", options.append)};
}

std::vector<std::string> LastLines(const std::string& text, size_t most) {
  std::vector<std::string> lines = absl::StrSplit(text, absl::ByAnyChar("\r\n"), absl::SkipWhitespace());
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  return lines;
}

std::string ConsoleEnd(const std::string& console) {
  const std::vector<std::string> lines = LastLines(console, kConsoleLines);
  if (lines.empty()) return "; nothing came on its console";
  return absl::StrCat("; its console ends:\n", absl::StrJoin(lines, "\n"));
}

// The line that says why a kernel gave up; empty if it did not.
std::string PanicLine(const std::string& console) {
  for (const absl::string_view line : absl::StrSplit(console, '\n')) {
    const size_t start = line.find("Kernel panic");
    if (start != absl::string_view::npos) return std::string(line.substr(start, line.find('\r') - start));
  }
  return "";
}

}  // namespace

Machine::Machine(MachineOptions options, Child qemu, common::Fd console, common::Fd results)
    : options_(std::move(options)),
      qemu_(std::move(qemu)),
      console_(std::move(console)),
      results_(std::move(results)),
      started_(steady_clock::now()),
      last_sign_(started_) {}

absl::StatusOr<Machine> Machine::Start(const MachineOptions& options, int initramfs) {
  absl::StatusOr<Pipe> console = MakePipe();
  if (!console.ok()) return std::move(console).status();
  absl::StatusOr<Pipe> results = MakePipe();
  if (!results.ok()) return std::move(results).status();
  absl::StatusOr<Child> qemu =
      Child::Start(CommandLine(options), {console->write.Get(), results->write.Get(), initramfs});
  if (absl::IsNotFound(qemu.status())) {
    return absl::NotFoundError(
        absl::StrCat("there is no ", kQemu,
                     " in PATH, which boots other kernels; Debian has it in the package "
                     "qemu-system-x86"));
  }
  if (!qemu.ok()) return std::move(qemu).status();
  return Machine(options, *std::move(qemu), std::move(console->read), std::move(results->read));
}

std::vector<int> Machine::fds() const {
  std::vector<int> fds = {qemu_.process()};
  // A descriptor whose other end is closed is always readable.
  if (console_.IsOpen()) fds.push_back(console_.Get());
  if (results_.IsOpen()) fds.push_back(results_.Get());
  return fds;
}

steady_clock::time_point Machine::deadline() const {
  return std::min(started_ + options_.timeout, last_sign_ + options_.patience);
}

void Machine::TakeFrames() {
  while (true) {
    absl::StatusOr<std::optional<Frame>> next = frames_.Next();
    if (!next.ok()) outcome_.failure = std::string(next.status().message());
    if (!next.ok() || !*next) return;
    Frame& frame = **next;
    switch (frame.kind) {
      case FrameKind::kBooted:
        outcome_.release = std::move(frame.payload);
        outcome_.boot = duration_cast<milliseconds>(steady_clock::now() - started_);
        break;
      case FrameKind::kAlive:
        break;
      case FrameKind::kOutput:
        outcome_.output += frame.payload;
        break;
      case FrameKind::kFile:
        outcome_.files.Take(frame.payload);
        break;
      case FrameKind::kReport:
        outcome_.report = std::move(frame.payload);
        break;
      case FrameKind::kExit:
        if (!absl::SimpleAtoi(frame.payload, &outcome_.exit_status))
          outcome_.failure = "it sent no exit status";
        break;
      case FrameKind::kFailed:
        outcome_.failure = absl::StrCat("the guest could not begin: ", frame.payload);
        break;
    }
  }
}

std::string Machine::WhyItEnded(int status) const {
  if (const std::string panic = PanicLine(printed_by_kernel_); !panic.empty()) {
    return absl::StrCat("the kernel gave up: ", panic, ConsoleEnd(printed_by_kernel_));
  }
  if (status != 0) {
    const std::string said = absl::StrJoin(LastLines(printed_by_qemu_, kConsoleLines), "\n");
    return absl::StrCat(kQemu, " ended with exit status ", status, said.empty() ? "" : ": ", said);
  }
  return absl::StrCat("the machine ended before the run did", ConsoleEnd(printed_by_kernel_));
}

std::optional<Outcome> Machine::Take() {
  std::string sent;
  const size_t printed = printed_by_kernel_.size();
  if (console_.IsOpen() && !ReadSome(console_.Get(), printed_by_kernel_)) console_.Close();
  if (results_.IsOpen() && !ReadSome(results_.Get(), sent)) results_.Close();
  if (!sent.empty() || printed_by_kernel_.size() != printed) last_sign_ = steady_clock::now();
  frames_.Add(sent);
  TakeFrames();

  const bool is_over = outcome_.exit_status >= 0 || !outcome_.failure.empty();
  const std::optional<int> ended =
      is_over || console_.IsOpen() || results_.IsOpen() ? std::nullopt : qemu_.Reap();
  if (!is_over && !ended && steady_clock::now() < deadline()) return std::nullopt;
  if (!is_over && !ended) {
    outcome_.failure = steady_clock::now() >= started_ + options_.timeout
                           ? absl::StrCat("it was not over after ", options_.timeout.count(),
                                          " s (--kernel-timeout)", ConsoleEnd(printed_by_kernel_))
                           : absl::StrCat(is_up() ? "the guest hangs" : "the kernel does not come up",
                                          ": no sign of life for ", options_.patience.count(), " s",
                                          ConsoleEnd(printed_by_kernel_));
  } else if (!is_over) {
    while (ReadSome(qemu_.output(), printed_by_qemu_)) {
    }
    outcome_.failure = WhyItEnded(*ended);
  }
  qemu_.Kill();
  outcome_.total = duration_cast<milliseconds>(steady_clock::now() - started_);
  return std::move(outcome_);
}

Outcome RunMachine(Machine machine) {
  while (true) {
    WaitForAny({&machine});
    if (std::optional<Outcome> outcome = machine.Take()) return *std::move(outcome);
  }
}

void WaitForAny(const std::vector<const Machine*>& machines) {
  std::vector<pollfd> polled;
  auto deadline = steady_clock::time_point::max();
  for (const Machine* machine : machines) {
    for (const int fd : machine->fds()) polled.push_back({fd, POLLIN, 0});
    deadline = std::min(deadline, machine->deadline());
  }
  const auto left = duration_cast<milliseconds>(deadline - steady_clock::now()) + milliseconds(1);
  poll(polled.data(), polled.size(), static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000)));
}

}  // namespace bpfrig::client::guest
