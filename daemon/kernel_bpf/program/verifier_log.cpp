#include "daemon/kernel_bpf/program/verifier_log.h"

#include <sys/mman.h>

#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {

absl::StatusOr<LogMemory> LogMemory::Allocate(size_t count, size_t size) {
  size_t bytes = count == 0 ? size : count * size;
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return base::ErrnoError("reserving memory for the verifier's log");
  return LogMemory(static_cast<char*>(memory), count == 0 ? 1 : count, size);
}

LogMemory::~LogMemory() {
  if (memory_ != nullptr && ::munmap(memory_, count_ * size_) != 0) {
    base::LogWarning(base::ErrnoError("releasing the verifier's log").message());
  }
}

LogMemory::LogMemory(LogMemory&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), count_(other.count_), size_(other.size_) {}

LogMemory& LogMemory::operator=(LogMemory&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(count_, other.count_);
  std::swap(size_, other.size_);
  return *this;
}

absl::string_view LogMemory::Text(size_t index) const {
  return absl::string_view(Buffer(index), ::strnlen(Buffer(index), size_));
}

std::string LogEnd(absl::string_view log, size_t kept, bool& cut) {
  if (log.size() <= kept) return std::string(log);
  cut = true;
  absl::string_view end = log.substr(log.size() - kept);
  size_t line = end.find('\n');
  return std::string(line == absl::string_view::npos ? end : end.substr(line + 1));
}

bool HasLogEnd(absl::string_view log) {
  absl::string_view end = log.size() > 1024 ? log.substr(log.size() - 1024) : log;
  return absl::StrContains(end, "\nprocessed ") || absl::StartsWith(end, "processed ");
}

}  // namespace bpfrig::kernel_bpf
