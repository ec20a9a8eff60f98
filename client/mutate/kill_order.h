// Which tests a mutant meets first: those that noticed a mutant near it.
#pragma once

#include <cstddef>
#include <vector>

#include "client/mutate/mutants.h"

namespace bpfrig::client::mutate {

// The tests of the mutant's program in the order in which it is to meet them. `known` are how many of the
// first mutants count: what came of later ones may not be known yet, and the order must not depend on that.
[[nodiscard]] std::vector<size_t> KillOrder(const Record& record, size_t mutant, size_t known);

}  // namespace bpfrig::client::mutate
