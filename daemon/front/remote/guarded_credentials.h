// GuardedCredentials: the server credentials of the TCP listener. They show every call to the gate when its
// headers have come, in gRPC's own authentication filter: before any of its message is read, and before gRPC
// looks for a method of that name. So no RPC can be forgotten, health and reflection are guarded too, and a
// call that is refused costs no thread and no buffer. Certificates are fetched anew at every handshake.
//
// gRPC 1.51 has a C++ API for neither a processor on a connection without TLS nor certificates from memory
// that change: this wraps its C API.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/front/remote/remote_credentials.h"

struct grpc_server;
struct grpc_server_credentials;

namespace bpfrig::front {

class GuardedCredentials final : public grpc::ServerCredentials {
 public:
  // `remote` has its first set, and outlives the server.
  explicit GuardedCredentials(const RemoteCredentials& remote);
  ~GuardedCredentials() override;

  // Not for us: the gate is the processor.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override;

  const RemoteCredentials& remote_;
  uint64_t seen_ = 0;  // of the TLS credentials; used under gRPC's lock
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace bpfrig::front
