// The plans of tests/golden/run, each with the exact words that it must get: NAME.yaml and NAME.expected.
// They are run against a daemon of this build, and against the one of the image.
#pragma once

#include <string>
#include <vector>

namespace bpfrig::tests {

[[nodiscard]] std::string GoldenFolder();
// In order; without those that this kernel cannot run.
[[nodiscard]] std::vector<std::string> GoldenNames();
// What the client of this build says of the plan, without what differs from run to run, and its exit status.
// Objects are looked for in these folders, in this order, and then where this build has them. Plans called
// control_* run with control runs.
[[nodiscard]] std::string RunGolden(const std::string& name, const std::string& target,
                                    const std::vector<std::string>& object_folders);
[[nodiscard]] std::string ExpectedOfGolden(const std::string& name);

}  // namespace bpfrig::tests
