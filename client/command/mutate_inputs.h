// What `bpfrig mutate` reads besides plans: the files that its command line names, and what git says.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/command/options.h"
#include "client/mutate/equivalents.h"
#include "client/mutate/selection.h"

namespace bpfrig::client::command {

struct MutateInputs {
  std::vector<mutate::Equivalent> equivalents;
  // The report of a run to go on with; empty: none.
  std::string resume;
  // Of --since or --diff.
  std::string diff;
  // The options' own, with the lines that the diff has.
  mutate::Selection selection;
};

// Runs git, so it must be called before there are threads. INVALID_ARGUMENT if git does not know the commit,
// or a file is not what it should be.
[[nodiscard]] absl::StatusOr<MutateInputs> ReadMutateInputs(const MutateOptions& options);

}  // namespace bpfrig::client::command
