// Disconnect: closes one end of a kept connection.
#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
absl::Status HandleDisconnect(Sandbox& sandbox, const bpfrig::v1::DisconnectRequest& request,
                              bpfrig::v1::DisconnectResponse& response) {
  const absl::StatusOr<std::shared_ptr<DataSocket>> end = sandbox.traffic().FindEnd(request.connection());
  if (!end.ok()) return base::WithField(end.status(), "connection");
  // Closing over bytes that nobody has read resets the connection.
  (*end)->ReadNow();
  (*end)->Close(request.reset());
  response.set_sent((*end)->total_sent());
  response.set_received((*end)->total_received());
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
