// A test run's answer against what a plan expects: what the program returned, by the names that programs of
// its type have for that, and the context by its fields. The handler of `run` calls it.
#pragma once

#include <cstdint>
#include <string>

#include "bpfrig/v1/program.pb.h"
#include "client/plan/steps/step.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// "2 (XDP_PASS)", "4294967295 (-1)".
[[nodiscard]] std::string DescribeReturn(uint32_t value, const std::string& program_type);

// `program_type` is as libbpf calls it; empty if it is not known.
[[nodiscard]] Differences CompareTestRun(const plan::Call& call, const plan::RunShape& shape,
                                         const plan::Mark& mark, const std::string& program_type,
                                         const bpfrig::v1::RunProgramResponse& response);

}  // namespace bpfrig::client::verdict
