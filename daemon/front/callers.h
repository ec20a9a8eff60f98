// Callers: who makes a call, by its context: the user at the other end of the unix socket, the name in a
// client's certificate, or whoever has the token. The front has one; relays ask it, and every call that gRPC
// has let in passes by it, health checks too.
#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/front/callers/connections.h"
#include "daemon/front/remote/remote_credentials.h"

namespace grpc {
class ServerContextBase;
}

namespace bpfrig::front {

class Callers {
 public:
  // Both outlive it.
  Callers(Connections& connections, const RemoteCredentials& remote)
      : connections_(connections), remote_(remote) {}

  // "user 1000", "client "ci"", "the token's holder". Its connection is not a silent one any more;
  // LIMIT_REACHED if the caller has too many of them.
  [[nodiscard]] absl::StatusOr<std::string> Of(const grpc::ServerContextBase& context) const;
  // A message of that size of the call has arrived.
  void Arrived(const grpc::ServerContextBase& context, uint64_t bytes) const;
  // For calls as long as gRPC holds them.
  [[nodiscard]] uint64_t Begin(const grpc::ServerContextBase& context) const;
  void End(uint64_t connection, bool given_up) const { connections_.EndCall(connection, given_up); }
  // Has every call pass by. This outlives the server.
  [[nodiscard]] std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeInterceptor()
      const;

 private:
  [[nodiscard]] std::string RemoteNameOf(const grpc::ServerContextBase& context) const;

  Connections& connections_;
  const RemoteCredentials& remote_;
};

}  // namespace bpfrig::front
