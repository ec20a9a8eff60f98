#include "bench/bulk.h"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/bare_bulk.h"
#include "bench/bulk_work.h"
#include "bench/rig.h"
#include "bench/rig_bulk.h"
#include "bench/spread.h"

namespace bpfrig::bench {
namespace {

// How fast the rig was, and its share of the bare program's speed, pair by pair.
void PrintRig(const char* form, Task task, const std::vector<TaskTimes>& bare,
              const std::vector<TaskTimes>& rig) {
  std::vector<double> rates;
  std::vector<double> ratios;
  for (size_t run = 0; run < rig.size(); ++run) {
    rates.push_back(kBulkCount / rig[run][task]);
    ratios.push_back(bare[run][task] / rig[run][task]);
  }
  const Spread ratio = SpreadOf(ratios);
  std::printf("  %-8s %7.2f M/s  %.3f of bare (%.3f to %.3f)\n", form, Median(rates), ratio.median,
              ratio.least, ratio.greatest);
}

}  // namespace

void MeasureBulk(v1::BpfRig::Stub& stub, int runs) {
  const std::string elf = ReadObject(kBulkObject);
  std::vector<TaskTimes> bare;
  std::array<std::vector<TaskTimes>, kFormNames.size()> rig;
  for (int run = 0; run < runs; ++run) {
    bare.push_back(BareBulk().Run());
    for (size_t form = 0; form < rig.size(); ++form) {
      rig[form].push_back(RigBulk(stub, elf, static_cast<Form>(form)).Run());
    }
  }
  std::printf("\n%u entries of %zu bytes, and records of %zu, medians of %d runs:\n", kBulkCount,
              kKeySize + kValueSize, kRecordSize, runs);
  for (size_t task = 0; task < kTaskCount; ++task) {
    std::vector<double> rates;
    for (const TaskTimes& times : bare) rates.push_back(kBulkCount / times[task]);
    std::printf("%-10s %7.2f M/s bare\n", kTaskNames[task], Median(rates));
    for (size_t form = 0; form < rig.size(); ++form) {
      PrintRig(kFormNames[form], static_cast<Task>(task), bare, rig[form]);
    }
  }
}

double TimePackedEntries(v1::BpfRig::Stub& stub, uint32_t count) {
  const TaskTimes times = RigBulk(stub, ReadObject(kBulkObject), Form::kPacked, count).RunMap();
  return times[kSeedMap] + times[kDumpMap];
}

}  // namespace bpfrig::bench
