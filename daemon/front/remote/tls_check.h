// Whether a set of TLS credentials can be served with, before gRPC gets it: gRPC says little about a bad one,
// and finds out at the first handshake. Called by RemoteCredentials.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"

namespace bpfrig::front {

// The certificate can be read and is valid now, the key belongs to it, and there is a CA that is valid. The
// error names what is wrong; it holds nothing of the contents.
[[nodiscard]] absl::Status CheckTls(const internal::v1::TlsCredentials& tls, absl::Time now);

}  // namespace bpfrig::front
