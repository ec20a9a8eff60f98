// MapMemoryAccount: how much memory the maps of each worker's sandbox may take, and that all together stay
// below one limit. Owned by WorkerPool; a worker asks through its socket before it makes a map.
#pragma once

#include <cstdint>
#include <map>

#include "absl/status/status.h"
#include "daemon/ipc/map_memory.h"

namespace bpfrig::supervisor {

class MapMemoryAccount {
 public:
  // `limit` is for all workers together, in bytes.
  explicit MapMemoryAccount(uint64_t limit) : limit_(limit) {}

  [[nodiscard]] ipc::MapMemoryAnswer Ask(uint64_t worker, const ipc::MapMemoryRequest& request);
  // The worker is gone, and its maps with it.
  void Forget(uint64_t worker);

 private:
  uint64_t limit_;
  uint64_t sum_ = 0;  // of shares_
  std::map<uint64_t, uint64_t> shares_;
};

// Reads the worker's request and answers it, without waiting. An error if the worker has closed its end, or
// says what is no request, or does not read: no more can come from there.
[[nodiscard]] absl::Status AnswerMapMemory(int socket, uint64_t worker, MapMemoryAccount& account);

}  // namespace bpfrig::supervisor
