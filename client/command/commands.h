// What the command line can ask for. Each prints its answer and returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "client/command/options.h"

namespace bpfrig::client::command {

// Runs plans against a daemon.
[[nodiscard]] int RunPlans(const RunOptions& options);
// Runs plans with programs that were changed, and prints which changes no test notices.
[[nodiscard]] int MutatePrograms(const MutateOptions& options);
// The same on the kernel that the options name. `arguments` are main's.
[[nodiscard]] int MutateOnKernel(const MutateOptions& options, const std::vector<std::string>& arguments);
// Runs plans on each of the kernels that the options name, and compares. `arguments` are main's.
[[nodiscard]] int RunOnKernels(const RunOptions& options, std::vector<std::string> arguments);
// The kernels that were fetched; fetches some; removes some. Specs as `--kernel` takes them.
[[nodiscard]] int ListKernels();
[[nodiscard]] int FetchKernels(const std::string& specs);
[[nodiscard]] int RemoveKernels(const std::string& specs);
// Reads plans, and says what is wrong with them and with what they say of their objects; no daemon runs.
[[nodiscard]] int CheckPlans(const CheckOptions& options);
// Prints the tests that a run would have.
[[nodiscard]] int ListTests(const PlanOptions& options);
// Prints the JSON schema of plans.
[[nodiscard]] int PrintSchema();
// Prints what the daemon and its kernel can do.
[[nodiscard]] int PrintInfo(const DaemonOptions& options);
// Prints whether a daemon serves; never starts one.
[[nodiscard]] int PrintHealth(const HealthOptions& options);
// Become `bpfrigd doctor` and `bpfrigd describe`; return only if there is no bpfrigd.
[[nodiscard]] int RunDoctor(const DaemonCommandOptions& options);
[[nodiscard]] int DescribeObject(const DaemonCommandOptions& options);

}  // namespace bpfrig::client::command
