#include "client/command/mutate_inputs.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/guest/child.h"
#include "client/mutate/changed_lines.h"
#include "common/read_file.h"

namespace bpfrig::client::command {
namespace {

constexpr size_t kMaxInputBytes = size_t{1} << 30;

absl::StatusOr<std::string> DiffSince(const std::string& revision) {
  absl::StatusOr<std::string> diff =
      guest::OutputOf({"git", "-c", "core.quotePath=false", "diff", "--unified=0", "--no-prefix",
                       "--no-color", "--no-ext-diff", "--end-of-options", revision, "--"});
  if (diff.ok()) return diff;
  return absl::InvalidArgumentError(absl::StrCat("--since ", revision, ": ", diff.status().message()));
}

}  // namespace

absl::StatusOr<MutateInputs> ReadMutateInputs(const MutateOptions& options) {
  MutateInputs inputs;
  inputs.selection = options.selection;
  if (!options.equivalents.empty()) {
    absl::StatusOr<std::vector<mutate::Equivalent>> read = mutate::ReadEquivalents(options.equivalents);
    if (!read.ok()) return std::move(read).status();
    inputs.equivalents = *std::move(read);
  }
  if (!options.resume.empty()) {
    absl::StatusOr<std::string> read = common::ReadFile(options.resume, kMaxInputBytes);
    if (!read.ok()) return std::move(read).status();
    inputs.resume = *std::move(read);
  }
  if (!options.since.empty() || !options.diff.empty()) {
    absl::StatusOr<std::string> diff =
        options.since.empty() ? common::ReadFile(options.diff, kMaxInputBytes) : DiffSince(options.since);
    if (!diff.ok()) return std::move(diff).status();
    inputs.diff = *std::move(diff);
    inputs.selection.changed = mutate::ChangedLines(inputs.diff);
  }
  return inputs;
}

}  // namespace bpfrig::client::command
