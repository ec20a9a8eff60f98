#include "client/command/guest_arguments.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace bpfrig::client::command {
namespace {

// Options with a value that a run elsewhere has no use for.
constexpr std::array<absl::string_view, 13> kDropped = {
    "--artifacts",   "--log-dir",        "--kernel", "--kernel-append", "--kernel-memory",
    "--kernel-cpus", "--kernel-timeout", "--report", "--color",         "--daemon",
    "--json",        "--html",           "--since"};

bool IsDropped(absl::string_view option) {
  return std::find(kDropped.begin(), kDropped.end(), option) != kDropped.end();
}

}  // namespace

std::vector<std::string> OptionsOf(const GuestOutputs& outputs) {
  std::vector<std::string> options = {"--report", absl::StrCat("json=", outputs.report)};
  if (!outputs.artifacts.empty()) options.push_back(absl::StrCat("--artifacts=", outputs.artifacts));
  if (!outputs.logs.empty()) options.push_back(absl::StrCat("--log-dir=", outputs.logs));
  return options;
}

std::vector<std::string> GuestArguments(const std::string& program, const std::vector<std::string>& arguments,
                                        const std::vector<std::string>& added) {
  std::vector<std::string> kept = {program};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const absl::string_view argument = arguments[i];
    if (IsDropped(argument)) {
      ++i;
    } else if (!IsDropped(argument.substr(0, argument.find('=')))) {
      kept.push_back(arguments[i]);
    }
  }
  kept.insert(kept.begin() + 2, added.begin(), added.end());
  return kept;
}

}  // namespace bpfrig::client::command
