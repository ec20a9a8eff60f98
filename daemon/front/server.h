// Server: gRPC around the service: message sizes, keepalive, health, reflection, and connections that come as
// descriptors, through one of two doors. It does not listen itself.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/fd.h"

namespace grpc {
class Server;
class ServerCredentials;
class Service;
namespace experimental {
class ExternalConnectionAcceptor;
}
}  // namespace grpc

namespace bpfrig::front {

class Callers;

class Server {
 public:
  // `service` and `callers` outlive the server. `remote` guards the second door; if it is null there is none.
  // No
  // connection has more than `max_streams` calls at once. Health says NOT_SERVING until SetServing(true).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Server>> Start(
      grpc::Service& service, const Callers& callers, const std::shared_ptr<grpc::ServerCredentials>& remote,
      int max_streams);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves a connected client: one of the unix socket, who may do everything, or one that has yet to show who
  // it is.
  void AddConnection(common::Fd client);
  void AddRemoteConnection(common::Fd client);
  void SetServing(bool serving);
  // Ends all RPCs, by force if the deadline passes, and returns when the last is over.
  void Shutdown(absl::Time deadline);

 private:
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

  Server(std::unique_ptr<Acceptor> remote_acceptor, std::unique_ptr<grpc::Server> server);

  const std::unique_ptr<Acceptor> remote_acceptor_;
  const std::unique_ptr<grpc::Server> server_;
  bool shut_down_ = false;
};

}  // namespace bpfrig::front
