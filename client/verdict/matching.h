// Pairs patterns with what they may stand for, so that as many as possible have a partner of their own.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace bpfrig::client::verdict {

// candidates[p] are the items that pattern p matches. Gives each pattern its item, no item twice; nothing for
// those that are left over.
[[nodiscard]] std::vector<std::optional<size_t>> MatchPatterns(
    const std::vector<std::vector<size_t>>& candidates, size_t item_count);

}  // namespace bpfrig::client::verdict
