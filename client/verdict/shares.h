// What the runs of a repeated step answered, counted, and held against the `shares` that its plan expects.
// The runner of steps adds each answer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bpfrig/v1/value.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

class ShareTally {
 public:
  // The call outlives it.
  explicit ShareTally(const plan::Call& call) : call_(call), counts_(call.shares.size()) {}

  // One run's answer, as its fields.
  void Add(const bpfrig::v1::Value& answer);

  // `program_type` is that of the program that the step runs, as libbpf calls it; empty if it runs none.
  [[nodiscard]] Differences Compare(const std::string& program_type) const;

 private:
  struct Count {
    bpfrig::v1::Value value;
    uint64_t runs = 0;
  };
  // By the value's bytes on the wire.
  using Counts = std::map<std::string, Count>;

  // The runs that had none of the values that are named: "c: 3 of 200 (1.5 %)". Empty if there were none.
  [[nodiscard]] std::string DescribeOthers(const plan::SharesExpectation& expectation, const Counts& counts,
                                           const std::string& program_type) const;

  const plan::Call& call_;
  // Of each expectation.
  std::vector<Counts> counts_;
  uint64_t runs_ = 0;
};

}  // namespace bpfrig::client::verdict
