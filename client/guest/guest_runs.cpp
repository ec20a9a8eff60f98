#include "client/guest/guest_runs.h"

#include <fcntl.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/fd.h"

namespace bpfrig::client::guest {
namespace {

namespace fs = std::filesystem;

// QEMU's own, beside the guest's memory and its initramfs.
constexpr unsigned kOverheadMib = 256;
// A guest comes up in less than a second if KVM works.
constexpr std::chrono::seconds kKvmPatience{8};

std::string FirstLineOf(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// MemAvailable, in MiB.
unsigned AvailableMib() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  uint64_t kib = 0;
  for (std::string unit; file >> name >> kib; std::getline(file, unit)) {
    if (name == "MemAvailable:") return static_cast<unsigned>(kib / 1024);
  }
  return 0;
}

absl::StatusOr<size_t> AtOnce(const GuestOptions& options) {
  const unsigned each = options.memory_mib + kOverheadMib;
  const unsigned available = AvailableMib();
  if (available < each) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a guest takes ", each, " MiB of memory, and ", available,
                     " MiB are available; --kernel-memory MIB gives it less"));
  }
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  return std::max<size_t>(1, std::min(processors / options.cpus, available / each));
}

struct Running {
  size_t index;
  Machine machine;
};

absl::StatusOr<Machine> StartOne(const GuestRun& run, const std::string& accelerator,
                                 const std::string& base_image, const GuestOptions& options) {
  const absl::StatusOr<common::Fd> initramfs = InitramfsOf(base_image, run.job);
  if (!initramfs.ok()) return initramfs.status();
  return Machine::Start({run.kernel.image.string(), options.append, options.memory_mib, options.cpus,
                         accelerator, options.timeout},
                        initramfs->Get());
}

}  // namespace

absl::StatusOr<std::string> ChooseAccelerator(const Kernel& kernel, const std::string& base_image,
                                              const fs::path& directory) {
  if (!common::Fd(open("/dev/kvm", O_RDWR | O_CLOEXEC)).IsOpen()) return "tcg";
  const std::string this_boot = FirstLineOf("/proc/sys/kernel/random/boot_id");
  const fs::path memory = directory / "accelerator";
  const std::string known = FirstLineOf(memory);
  for (const char* accelerator : {"kvm", "tcg"}) {
    if (known == absl::StrCat(this_boot, " ", accelerator)) return accelerator;
  }
  const absl::StatusOr<common::Fd> initramfs = InitramfsOf(base_image, Job{{}, {}, "/", {}});
  if (!initramfs.ok()) return initramfs.status();
  MachineOptions options;
  options.kernel = kernel.image.string();
  options.accelerator = "kvm";
  options.patience = options.timeout = kKvmPatience;
  absl::StatusOr<Machine> machine = Machine::Start(options, initramfs->Get());
  if (!machine.ok()) return machine.status();
  const Outcome outcome = RunMachine(*std::move(machine));
  const std::string found = outcome.release.empty() ? "tcg" : "kvm";
  // What is refused at once can be tried again at once.
  if (!outcome.release.empty() || outcome.total >= kKvmPatience) {
    std::ofstream(memory) << this_boot << " " << found << "\n";
  }
  return found;
}

absl::Status RunOnGuests(const std::vector<GuestRun>& runs, const std::string& accelerator,
                         const std::string& base_image, const GuestOptions& options,
                         const std::function<void(size_t, Outcome)>& done) {
  const absl::StatusOr<size_t> at_once = AtOnce(options);
  if (!at_once.ok()) return at_once.status();
  std::vector<std::unique_ptr<Running>> running;
  size_t next = 0;
  while (next < runs.size() || !running.empty()) {
    if (next < runs.size() && running.size() < *at_once) {
      absl::StatusOr<Machine> machine = StartOne(runs[next], accelerator, base_image, options);
      if (!machine.ok()) return machine.status();
      running.push_back(std::make_unique<Running>(Running{next, *std::move(machine)}));
      ++next;
      continue;
    }
    std::vector<const Machine*> machines;
    for (const auto& one : running) machines.push_back(&one->machine);
    WaitForAny(machines);
    for (auto& one : running) {
      if (std::optional<Outcome> outcome = one->machine.Take()) {
        done(one->index, *std::move(outcome));
        one.reset();
      }
    }
    running.erase(std::remove(running.begin(), running.end(), nullptr), running.end());
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::client::guest
