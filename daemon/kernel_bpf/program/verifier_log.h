// Memory that the verifier writes its log into, and what is kept of it. Used by the loader alone.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace bpfrig::kernel_bpf {

// How much of a log goes to a caller that does not say more.
inline constexpr size_t kKeptLog = size_t{64} * 1024;

// Zeroed memory that costs only what is written to it; logs may take tens of megabytes and mostly take none.
class LogMemory {
 public:
  // `count` buffers of `size` bytes each.
  [[nodiscard]] static absl::StatusOr<LogMemory> Allocate(size_t count, size_t size);
  ~LogMemory();
  LogMemory(LogMemory&& other) noexcept;
  LogMemory& operator=(LogMemory&& other) noexcept;
  LogMemory(const LogMemory&) = delete;
  LogMemory& operator=(const LogMemory&) = delete;

  [[nodiscard]] char* Buffer(size_t index) const { return memory_ + index * size_; }
  [[nodiscard]] size_t size() const { return size_; }
  // What was written into a buffer, without the terminating zero.
  [[nodiscard]] absl::string_view Text(size_t index) const;

 private:
  LogMemory(char* memory, size_t count, size_t size) : memory_(memory), count_(count), size_(size) {}
  char* memory_;  // mapped, owned
  size_t count_;
  size_t size_;
};

// The last `kept` bytes, from the start of a line; `cut` is set if something is missing.
[[nodiscard]] std::string LogEnd(absl::string_view log, size_t kept, bool& cut);

// Whether a log reaches to the verifier's last words. Kernels before 6.4 fill the buffer from the start and
// drop the rest, later ones keep the end.
[[nodiscard]] bool HasLogEnd(absl::string_view log);

}  // namespace bpfrig::kernel_bpf
