// Disconnect: closes one end of a kept connection, or a plain socket.
#include <memory>

#include "daemon/base/status.h"
#include "daemon/worker/handlers/handlers.h"
#include "daemon/worker/traffic/stream_end.h"

namespace bpfrig::worker {

absl::Status HandleDisconnect(Sandbox& sandbox, const bpfrig::v1::DisconnectRequest& request,
                              bpfrig::v1::DisconnectResponse& response) {
  const absl::StatusOr<std::shared_ptr<Socket>> socket = sandbox.traffic().FindEnd(request.connection());
  if (!socket.ok()) return base::WithField(socket.status(), "connection");
  // Closing over bytes that nobody has read resets the connection.
  if (auto* stream = dynamic_cast<StreamEnd*>(socket->get())) stream->ReadNow();
  (*socket)->Close(request.reset());
  response.set_sent((*socket)->total_sent());
  response.set_received((*socket)->total_received());
  return absl::OkStatus();
}

}  // namespace bpfrig::worker
