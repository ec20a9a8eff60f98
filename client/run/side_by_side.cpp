#include "client/run/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace bpfrig::client::run {

void SideBySide(size_t threads, size_t count, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::vector<std::thread> workers;
  for (size_t i = 0; i < std::min(std::max<size_t>(threads, 1), count); ++i) {
    workers.emplace_back([&] {
      for (size_t piece = next.fetch_add(1); piece < count; piece = next.fetch_add(1)) work(piece);
    });
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace bpfrig::client::run
