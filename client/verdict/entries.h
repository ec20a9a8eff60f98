// A map's dump against what a plan expects in it. The dump handler of run/ calls it, again and again if
// the plan waits for something.
#pragma once

#include <vector>

#include "bpfrig/v1/map.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// A dump's answer, all messages together.
struct Dump {
  // One for each of the request's patterns.
  std::vector<bpfrig::v1::ResolvedEntry> patterns;
  // Without those that were asked for by key and are absent.
  std::vector<bpfrig::v1::DumpedEntry> entries;
  bpfrig::v1::DumpSummary summary;
};

[[nodiscard]] Differences CompareDump(const plan::DumpShape& shape, const plan::Mark& mark, const Dump& dump);

}  // namespace bpfrig::client::verdict
