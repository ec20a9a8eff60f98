// What is said of programs: that the kernel refused an object, and the ledger, which says whether what was
// attached ever ran.
#pragma once

#include <string>
#include <vector>

#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/sandbox.pb.h"
#include "client/plan/plan.h"
#include "client/verdict/test_result.h"

namespace bpfrig::client::verdict {

// Whether a plan's name, `program` or `object/program`, means the program that a daemon calls
// `object/program`.
[[nodiscard]] bool Names(const std::string& name, const std::string& program);

[[nodiscard]] bool IsNamedBy(const std::vector<plan::Marked<std::string>>& names, const std::string& program);

// `log_file` is where the verifier's whole log was written to; empty if it was not.
[[nodiscard]] Differences CompareLoad(const plan::Call& call, const plan::Mark& mark,
                                      const bpfrig::v1::LoadProgramResponse& response,
                                      const std::string& log_file);
// The log of an object that was loaded, for a plan that asks for it with `log_level`: what there is to see of
// it, and where the rest is. Empty if there is none.
[[nodiscard]] std::string DescribeLog(const bpfrig::v1::LoadProgramResponse& response,
                                      const std::string& log_file);

// Programs that were attached and never ran, and names in may_not_run and holds_without that no loaded
// program has.
[[nodiscard]] Differences CompareLedger(const plan::Test& test,
                                        const bpfrig::v1::CloseSandboxResponse& ledger);

}  // namespace bpfrig::client::verdict
