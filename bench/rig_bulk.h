// The bulk benchmark through the rig, in each form that entries and records can have.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bench/bulk_work.h"
#include "bench/rig.h"
#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {

enum class Form : size_t {
  // A message for each key and value, with its bytes.
  kRaw,
  // A message for each member, which the worker lays out, and finds, by type.
  kTyped,
  // All keys, and all values, of a message as bytes.
  kPacked,
};
inline constexpr std::array<const char*, 3> kFormNames = {"raw", "typed", "packed"};

// In a sandbox of its own. Exits if a step fails, or an entry or record is lost.
class RigBulk {
 public:
  RigBulk(v1::BpfRig::Stub& stub, const std::string& elf, Form form, uint32_t entries = kBulkCount);
  ~RigBulk();
  RigBulk(const RigBulk&) = delete;
  RigBulk& operator=(const RigBulk&) = delete;

  [[nodiscard]] TaskTimes Run();
  [[nodiscard]] TaskTimes RunMap();

 private:
  [[nodiscard]] const char* Map() const { return form_ == Form::kTyped ? "entries" : "bytes"; }
  void Put(const Batch& batch, v1::SeedMapRequest& message) const;
  void Seed();
  void Dump();
  void WriteRecords();
  void ReadRecords();

  v1::BpfRig::Stub& stub_;  // outlives this
  const Form form_;
  const uint32_t entries_;
  RigSandbox sandbox_;
};

}  // namespace bpfrig::bench
