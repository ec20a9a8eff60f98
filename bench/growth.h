// How the rig's time grows: with a plan's tests, with sandboxes that are open at once, with a map's entries.
#pragma once

#include <string>

#include "bench/row.h"

namespace bpfrig::bench {

// Prints a table, medians of `runs` runs, and writes its plot to a file (docs/performance.svg). Exits if a
// run fails.
void MeasureGrowth(const Bench& bench, int runs, const std::string& file);

}  // namespace bpfrig::bench
