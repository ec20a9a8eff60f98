// What `cpus: sum` compares: the values of all CPUs added up, number by number.
#pragma once

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/value.pb.h"
#include "client/plan/fields/pattern.h"

namespace bpfrig::client::verdict {

// Of an entry of a per-CPU map, decoded: numbers are added, member by member and element by element; of what
// is not a number, the first CPU's. Lists end where the pattern's do, as a plan need not name all elements.
[[nodiscard]] bpfrig::v1::Value SumOfCpus(const bpfrig::v1::DumpedEntry& entry, const plan::Pattern& pattern);

}  // namespace bpfrig::client::verdict
