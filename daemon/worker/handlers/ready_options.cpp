#include "daemon/worker/handlers/ready_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/traffic/socket_option_names.h"

namespace bpfrig::worker {
namespace {

absl::StatusOr<ReadyOption> ResolveOption(const bpfrig::v1::SocketOption& option,
                                          const ValueResolver& values) {
  BPFRIG_ASSIGN_OR_RETURN(const OptionNumber number, FindOption(option.level(), option.option()));
  absl::StatusOr<std::string> bytes = values.ResolveBytes(option.value(), sizeof(int));
  if (!bytes.ok()) return base::WithField(bytes.status(), "value");
  return ReadyOption{number.level, number.option, *std::move(bytes)};
}

}  // namespace

absl::StatusOr<std::vector<ReadyOption>> ResolveOptions(
    const google::protobuf::RepeatedPtrField<bpfrig::v1::SocketOption>& options,
    const ValueResolver& values) {
  std::vector<ReadyOption> resolved;
  for (int i = 0; i < options.size(); ++i) {
    absl::StatusOr<ReadyOption> option = ResolveOption(options[i], values);
    if (!option.ok()) return base::WithField(option.status(), absl::StrCat("options[", i, "]"));
    resolved.push_back(*std::move(option));
  }
  return resolved;
}

}  // namespace bpfrig::worker
