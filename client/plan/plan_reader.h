// Reads plan files: the top level, and the tests, each row one of its own. main calls it with what it found
// on the command line, and runs nothing unless every plan is without problems.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/plan/object_files.h"
#include "client/plan/plan.h"
#include "client/plan/yaml/problem.h"

namespace bpfrig::client::plan {

// Nothing if the plan has problems; `problems` has them then.
[[nodiscard]] std::optional<Plan> ReadPlan(const std::string& path, ObjectFiles& files, Problems& problems,
                                           const Variables& variables = {});
// The same for text that was read already; `path` is what its marks say, and objects are looked up beside it.
[[nodiscard]] std::optional<Plan> ReadPlanText(const std::string& text, const std::string& path,
                                               ObjectFiles& files, Problems& problems,
                                               const Variables& variables = {});

}  // namespace bpfrig::client::plan
