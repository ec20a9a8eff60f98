// The random order of `run --shuffle`, which its seed gives again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bpfrig::client::command {

// `asked` itself, or one at random if it is 0; prints it.
[[nodiscard]] uint64_t ChooseSeed(uint64_t asked);

[[nodiscard]] std::vector<size_t> ShuffledOrder(size_t tests, uint64_t seed);

}  // namespace bpfrig::client::command
