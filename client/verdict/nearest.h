// What is there in place of what was expected, for a message: the nearest first, a few of them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "client/verdict/explain.h"

namespace bpfrig::client::verdict {

// How far a value is from the expected one, for an order: 0 if it is that one, or if nothing is expected; up
// to 1 by the share of the bytes that differ, and 1 more if a matcher does not hold.
[[nodiscard]] double Distance(const TypedPattern& expected, const TypedValue& actual);

// A line for each of `count` things, those with the least distance first; at most ten, and how many there are
// beside them: "and 190 more entries". Without a distance they stay in their order.
struct Shown {
  size_t count = 0;
  // "entries".
  absl::string_view things;
  std::function<std::string(size_t)> format;
  std::function<double(size_t)> distance = nullptr;
};
[[nodiscard]] std::string ListNearest(const Shown& shown);

}  // namespace bpfrig::client::verdict
