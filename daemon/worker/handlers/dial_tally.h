// DialTally: the answers of dials that one call makes, put together as the response has them: each different
// answer once, and beside it what is new for every connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "bpfrig/v1/traffic.pb.h"

namespace bpfrig::worker {

class DialTally {
 public:
  void Add(bpfrig::v1::ConnectResponse answer);

  // How many there were.
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(dials_.answer_size()); }
  // What the different answers take.
  [[nodiscard]] size_t answer_bytes() const { return answer_bytes_; }
  // Empty afterwards.
  [[nodiscard]] bpfrig::v1::RepeatedDials Take();

 private:
  bpfrig::v1::RepeatedDials dials_;
  // Which answer it is, by its bytes.
  std::map<std::string, uint32_t> known_;
  size_t answer_bytes_ = 0;
};

}  // namespace bpfrig::worker
