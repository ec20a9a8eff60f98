// Socket options by the names that the headers give them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bpfrig/v1/socket.pb.h"
#include "daemon/worker/traffic/traffic.h"

namespace bpfrig::worker {

// What setsockopt() and getsockopt() take.
struct OptionPlace {
  int descriptor = -1;
  int level = 0;
  int option = 0;
};

// `level` and `option` by name ("SOL_SOCKET", "SO_MARK") or as numbers; UNKNOWN_NAME for another word. Errors
// have the field of a request: `socket`, `level` or `option`.
[[nodiscard]] absl::StatusOr<OptionPlace> FindOption(const Traffic& traffic,
                                                     const bpfrig::v1::SocketReference& socket,
                                                     const std::string& level, const std::string& option);

}  // namespace bpfrig::worker
