// The bulk benchmark without the rig: a program over libbpf, with the kernel's batch operations.
#pragma once

#include "bench/bulk_work.h"

struct bpf_object;

namespace bpfrig::bench {

// Exits if a step fails.
class BareBulk {
 public:
  BareBulk();
  ~BareBulk();
  BareBulk(const BareBulk&) = delete;
  BareBulk& operator=(const BareBulk&) = delete;

  [[nodiscard]] TaskTimes Run();

 private:
  void Seed() const;
  void Dump() const;
  void WriteRecords() const;
  void ReadRecords() const;

  bpf_object* const object_;
  const int entries_;
};

}  // namespace bpfrig::bench
