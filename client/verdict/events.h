// The records of a ring buffer or perf event array against what a plan expects. The events handler of run/
// calls it.
#pragma once

#include <vector>

#include "bpfrig/v1/map.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// What was read, all messages of all reads together.
struct Events {
  // One for each of the request's patterns.
  std::vector<bpfrig::v1::ResolvedValue> patterns;
  std::vector<bpfrig::v1::Event> events;
  // Records that the kernel had no room for.
  uint64_t lost = 0;
};

[[nodiscard]] Differences CompareEvents(const plan::Call& call, const plan::EventsShape& shape,
                                        const plan::Mark& mark, const Events& events);
// Whether every record that `contains` and `in_order` ask for is there: then there is nothing more to wait
// for.
[[nodiscard]] bool HasAll(const plan::EventsShape& shape, const Events& events);

}  // namespace bpfrig::client::verdict
