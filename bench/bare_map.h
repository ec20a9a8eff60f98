// BareMap: a map like km_endpoint of the shipped objects, filled and read by libbpf alone: what a bulk of
// entries costs the kernel. Its entries have four numbers: 12 bytes of key and 4 of value.
#pragma once

#include <cstdint>

namespace bpfrig::bench {

// Of one entry; what it is filled with depends on its number.
struct EndpointEntry {
  uint32_t service_id;
  uint32_t prio;
  uint32_t backend_index;
  uint32_t backend_uid;

  static EndpointEntry Of(uint32_t number) { return {number / 64, number % 7, number, ~number}; }
};

class BareMap {
 public:
  // Exits if the machine refuses it.
  explicit BareMap(uint32_t entries);
  ~BareMap();
  BareMap(const BareMap&) = delete;
  BareMap& operator=(const BareMap&) = delete;

  // Writes all of its entries.
  void Seed() const;
  // Reads them all, and exits if some are missing.
  void Dump() const;

 private:
  const uint32_t entries_;
  int map_ = -1;
};

}  // namespace bpfrig::bench
