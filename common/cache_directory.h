// Where bpfrig keeps what it can make again: fetched kernels, images, what a run remembers of those before
// it.
#pragma once

#include <filesystem>

namespace bpfrig::common {

// XDG_CACHE_HOME/bpfrig, or HOME/.cache/bpfrig; it need not be there yet. Empty if neither variable is an
// absolute path.
[[nodiscard]] std::filesystem::path CacheDirectory();

}  // namespace bpfrig::common
