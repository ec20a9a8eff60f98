// How long calls wait. The rules of fields, the client's deadlines and the worker's all go by these.
#pragma once

#include <cstdint>

namespace bpfrig::rules {

inline constexpr uint32_t kMaxWaitMs = 60'000;
// A timeout of 0 stands for this.
inline constexpr uint32_t kDefaultTimeoutMs = 2000;

}  // namespace bpfrig::rules
