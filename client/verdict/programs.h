// What is said of programs: that the kernel refused an object, and the ledger, which says whether what was
// attached ever ran.
#pragma once

#include <string>

#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "client/plan/plan.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// Whether a plan's name, `program` or `object/program`, means the program that a daemon calls
// `object/program`.
[[nodiscard]] bool Names(const std::string& name, const std::string& program);

[[nodiscard]] Differences CompareLoad(const plan::Call& call, const plan::Mark& mark,
                                      const bpfrig::v1::LoadProgramResponse& response);

// Programs that were attached and never ran, and names in may_not_run that no loaded program has.
[[nodiscard]] Differences CompareLedger(const plan::Test& test,
                                        const bpfrig::v1::CloseSandboxResponse& ledger);

}  // namespace bpfrig::client::verdict
