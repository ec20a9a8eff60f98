// gRPC's own log, turned into ours. What gRPC says is for its developers, but for one thing: it is the only
// one who knows that a TLS handshake was refused.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace bpfrig::front {

// Once, from main: what gRPC logs goes to our log from then on.
void RouteGrpcLog();

// "it showed no certificate", if gRPC's message is about a handshake that failed.
[[nodiscard]] std::optional<std::string> RefusedHandshake(absl::string_view message);

}  // namespace bpfrig::front
