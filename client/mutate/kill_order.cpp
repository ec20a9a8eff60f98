#include "client/mutate/kill_order.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

namespace bpfrig::client::mutate {

std::vector<size_t> KillOrder(const Record& record, size_t mutant, size_t known) {
  const Mutant& chosen = record.mutants[mutant];
  const auto distance_to = [&](const Mutant& other) {
    return std::abs(int64_t{other.mutation.instruction} - int64_t{chosen.mutation.instruction});
  };
  // Of each test that noticed one, the distance of the nearest.
  std::map<size_t, int64_t> nearest;
  for (size_t i = 0; i < std::min(known, mutant); ++i) {
    const Mutant& other = record.mutants[i];
    if (other.subject != chosen.subject) continue;
    for (const size_t test : other.noticed_by) {
      const auto [place, is_new] = nearest.emplace(test, distance_to(other));
      if (!is_new) place->second = std::min(place->second, distance_to(other));
    }
  }
  std::vector<size_t> order = record.subjects[chosen.subject].tests;
  const auto rank = [&](size_t test) {
    const auto found = nearest.find(test);
    return found == nearest.end() ? INT64_MAX : found->second;
  };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rank(a) < rank(b); });
  return order;
}

}  // namespace bpfrig::client::mutate
