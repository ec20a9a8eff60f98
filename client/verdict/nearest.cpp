#include "client/verdict/nearest.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"

namespace bpfrig::client::verdict {
namespace {

constexpr size_t kMaxNearest = 10;

double DifferingShare(const bpfrig::v1::ResolvedValue& encoding, const std::string& memory) {
  size_t said = 0;
  size_t differ = 0;
  for (size_t i = 0; i < encoding.bytes().size(); ++i) {
    const int covered = i < encoding.mask().size() ? encoding.mask()[i] : 0xff;
    if (covered == 0) continue;
    ++said;
    if (i >= memory.size() || ((memory[i] ^ encoding.bytes()[i]) & covered) != 0) ++differ;
  }
  return said == 0 ? 0 : static_cast<double>(differ) / static_cast<double>(said);
}

// Of two numbers, far less than a byte that differs: 7 is nearer to 8 than 3 is.
double NumberDistance(const bpfrig::v1::Value& expected, const bpfrig::v1::Value* actual) {
  if (actual == nullptr || !expected.has_unsigned_integer() || !actual->has_unsigned_integer()) return 0;
  const auto a = static_cast<double>(expected.unsigned_integer());
  const auto b = static_cast<double>(actual->unsigned_integer());
  constexpr double kLess = 1e-3;
  return kLess * std::abs(a - b) / (a + b + 1);
}

}  // namespace

double Distance(const TypedPattern& expected, const TypedValue& actual) {
  if (expected.pattern.kind == plan::PatternKind::kAnything || Holds(expected, actual)) return 0;
  return DifferingShare(expected.plain, actual.memory) +
         NumberDistance(expected.plain.decoded(), actual.decoded) +
         (plan::HasMatcher(expected.pattern) ? 1 : 0);
}

std::string ListNearest(const Shown& shown) {
  std::vector<size_t> order(shown.count);
  std::iota(order.begin(), order.end(), size_t{0});
  const size_t lines = std::min(shown.count, kMaxNearest);
  if (shown.distance) {
    std::vector<double> distances;
    for (size_t i = 0; i < shown.count; ++i) distances.push_back(shown.distance(i));
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(lines), order.end(),
                      [&](size_t a, size_t b) {
                        return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                      });
  }
  std::string text;
  for (size_t i = 0; i < lines; ++i) absl::StrAppend(&text, i > 0 ? "\n" : "", shown.format(order[i]));
  if (lines < shown.count) absl::StrAppend(&text, "\nand ", shown.count - lines, " more ", shown.things);
  return text;
}

}  // namespace bpfrig::client::verdict
