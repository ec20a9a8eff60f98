// A ring buffer's records against what a plan expects. The events handler of run/ calls it.
#pragma once

#include <vector>

#include "bpfrig/v1/map.pb.h"
#include "client/plan/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// What was read, all messages of all reads together.
struct Events {
  // One for each of the request's patterns.
  std::vector<bpfrig::v1::ResolvedValue> patterns;
  std::vector<bpfrig::v1::Event> events;
};

[[nodiscard]] Differences CompareEvents(const plan::Call& call, const plan::EventsShape& shape,
                                        const plan::Mark& mark, const Events& events);
// Whether every record that `contains` asks for is there: then there is nothing more to wait for.
[[nodiscard]] bool ContainsAll(const plan::EventsShape& shape, const Events& events);

}  // namespace bpfrig::client::verdict
