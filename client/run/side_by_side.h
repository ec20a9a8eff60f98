// Work in many pieces on a number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace bpfrig::client::run {

// Calls `work` with 0 to count - 1, begun in that order, each from one of so many threads; returns when all
// is done.
void SideBySide(size_t threads, size_t count, const std::function<void(size_t)>& work);

}  // namespace bpfrig::client::run
