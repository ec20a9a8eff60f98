// A machine under QEMU that boots a kernel with an initramfs of ours and says how it went. It has no network
// and no disk. A machine that is not there any more when its owner ends does not stay.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/guest/child.h"
#include "client/guest/frame_reader.h"
#include "client/guest/guest_files.h"
#include "common/fd.h"

namespace bpfrig::client::guest {

struct MachineOptions {
  std::string kernel;
  // Added to the kernel's command line.
  std::string append;
  unsigned memory_mib = 1024;
  unsigned cpus = 1;
  // "kvm" or "tcg".
  std::string accelerator = "tcg";
  // For all of it.
  std::chrono::seconds timeout{900};
  // Without a sign of life, on either port, for so long the machine hangs.
  std::chrono::seconds patience{60};
};

struct Outcome {
  // As the guest's kernel calls itself; empty if it did not come up.
  std::string release;
  // Until it came up, and in all.
  std::chrono::milliseconds boot{0};
  std::chrono::milliseconds total{0};
  // What the client printed, its report, and how it ended.
  std::string output;
  std::string report;
  // Of the job's folders.
  GuestFiles files;
  int exit_status = -1;
  // Why there is no exit status: one sentence, and perhaps the console's last lines.
  std::string failure;
};

class Machine {
 public:
  // The descriptor is only needed until this returns.
  [[nodiscard]] static absl::StatusOr<Machine> Start(const MachineOptions& options, int initramfs);

  // Readable when there is something to take.
  [[nodiscard]] std::vector<int> fds() const;
  // When Take() is to be called at the latest.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;
  // Takes what has come. The outcome once there is one; QEMU is gone then.
  [[nodiscard]] std::optional<Outcome> Take();
  // Whether the kernel has come up.
  [[nodiscard]] bool is_up() const { return !outcome_.release.empty(); }

 private:
  Machine(MachineOptions options, Child qemu, common::Fd console, common::Fd results);

  void TakeFrames();
  [[nodiscard]] std::string WhyItEnded(int status) const;

  MachineOptions options_;
  Child qemu_;
  common::Fd console_;
  common::Fd results_;
  FrameReader frames_;
  std::string printed_by_kernel_;
  std::string printed_by_qemu_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point last_sign_;
  Outcome outcome_;
};

// Runs one machine until it ends.
[[nodiscard]] Outcome RunMachine(Machine machine);
// Waits until one of these has something to take, or one's deadline has passed.
void WaitForAny(const std::vector<const Machine*>& machines);

}  // namespace bpfrig::client::guest
