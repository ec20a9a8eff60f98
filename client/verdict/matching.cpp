#include "client/verdict/matching.h"

namespace bpfrig::client::verdict {
namespace {

// Maximum bipartite matching by augmenting paths, breadth first: a chain of thousands of patterns must not
// become a chain of calls.
class Matching {
 public:
  Matching(const std::vector<std::vector<size_t>>& candidates, size_t item_count)
      : candidates_(candidates), owner_(item_count), seen_in_(item_count), item_of_(candidates.size()) {}

  std::vector<std::optional<size_t>> Run() {
    for (size_t pattern = 0; pattern < candidates_.size(); ++pattern) Augment(pattern);
    return item_of_;
  }

 private:
  // Finds a free item for `start`, moving other patterns to other items if that helps.
  void Augment(size_t start) {
    std::vector<size_t> queue = {start};
    for (size_t next = 0; next < queue.size(); ++next) {
      const size_t pattern = queue[next];
      for (const size_t item : candidates_[pattern]) {
        if (seen_in_[item].round == start + 1) continue;
        seen_in_[item] = {start + 1, pattern};
        if (!owner_[item]) return Assign(item, start);
        queue.push_back(*owner_[item]);
      }
    }
  }

  // Goes back along the path that led to the free item.
  void Assign(size_t item, size_t start) {
    while (true) {
      const size_t pattern = seen_in_[item].reached_from;
      const std::optional<size_t> previous = item_of_[pattern];
      owner_[item] = pattern;
      item_of_[pattern] = item;
      if (pattern == start) return;
      item = *previous;
    }
  }

  struct Seen {
    // The search that saw the item last, counted from 1, and the pattern it came from.
    size_t round = 0;
    size_t reached_from = 0;
  };

  const std::vector<std::vector<size_t>>& candidates_;
  std::vector<std::optional<size_t>> owner_;
  std::vector<Seen> seen_in_;
  std::vector<std::optional<size_t>> item_of_;
};

}  // namespace

std::vector<std::optional<size_t>> MatchPatterns(const std::vector<std::vector<size_t>>& candidates,
                                                 size_t item_count) {
  return Matching(candidates, item_count).Run();
}

}  // namespace bpfrig::client::verdict
