// Server: gRPC around the service: message sizes, keepalive, health, reflection, and connections that come as
// descriptors. It does not listen itself.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/base/fd.h"
#include "daemon/front/service.h"

namespace grpc {
class Server;
namespace experimental {
class ExternalConnectionAcceptor;
}
}  // namespace grpc

namespace bpfrig::front {

class Server {
 public:
  // `service` outlives the server. Health says NOT_SERVING until SetServing(true).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Server>> Start(Service& service);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves a connected client.
  void AddConnection(base::Fd client);
  void SetServing(bool serving);
  // Ends all RPCs, by force where the deadline passes, and returns when the last is over.
  void Shutdown(absl::Time deadline);

 private:
  Server(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor,
         std::unique_ptr<grpc::Server> server);

  const std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  const std::unique_ptr<grpc::Server> server_;
  bool shut_down_ = false;
};

}  // namespace bpfrig::front
