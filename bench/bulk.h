// Many values at once: a million entries of a map written and read, and a million records of a ring buffer,
// through the rig as values and packed, against a bare program that uses libbpf's batch operations.
#pragma once

#include <cstdint>

#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {

// A big map, a ring buffer, and programs for test runs.
inline constexpr char kBulkObject[] = BPFRIG_BENCH_OBJECTS "/bulk.bpf.o";

// Prints a table of `runs` runs of each, in turn. Exits if an entry or record is lost.
void MeasureBulk(v1::BpfRig::Stub& stub, int runs);

// Writes so many entries, packed, and reads them again; the microseconds that it took.
[[nodiscard]] double TimePackedEntries(v1::BpfRig::Stub& stub, uint32_t count);

}  // namespace bpfrig::bench
