#include "client/command/shuffle.h"

#include <iostream>
#include <numeric>
#include <random>
#include <utility>

namespace bpfrig::client::command {

uint64_t ChooseSeed(uint64_t asked) {
  const uint64_t seed = asked != 0 ? asked : std::random_device()() | 1U;
  std::cout << "shuffled with --shuffle=" << seed << "\n";
  return seed;
}

std::vector<size_t> ShuffledOrder(size_t tests, uint64_t seed) {
  std::vector<size_t> order(tests);
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937_64 random(seed);
  // Not std::shuffle, whose order is another one with another library.
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

}  // namespace bpfrig::client::command
