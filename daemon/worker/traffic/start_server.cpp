#include "daemon/worker/traffic/start_server.h"

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/traffic/datagram_server.h"

namespace bpfrig::worker {
namespace {

absl::Status Refused(const OpenedSocket& opened, const Endpoint& at) {
  const std::string call = opened.refused;
  const std::string option = opened.option.empty() ? "an option" : opened.option;
  const std::string action = call == "bind"     ? "binding"
                             : call == "socket" ? "making a socket for"
                                                : absl::StrCat("setting ", option, " of a socket for");
  const absl::Status refused = base::KernelError(-opened.error, absl::StrCat(action, " ", ToText(at)));
  if (call == "bind" && opened.error == EACCES) {
    return base::WithHint(refused,
                          "a bind program refused it, or the port is privileged in this network namespace");
  }
  if (call == "bind" && opened.error == EADDRNOTAVAIL) {
    return base::WithHint(refused, "give the sandbox this address: sandbox.addresses");
  }
  return refused;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Server>> StartServer(Loop& loop, SocketSetup setup,
                                                    const SocketInspector& inspector, EndSettings ends,
                                                    std::function<void()> on_arrival) {
  const SocketKind kind = setup.kind;
  inspector.ReuseAddress(setup);
  OpenedSocket opened = OpenSocket(setup);
  if (!opened.descriptor.IsOpen()) return Refused(opened, setup.bind);
  if (!kind.IsDatagram()) {
    absl::StatusOr<std::shared_ptr<StreamServer>> server = StreamServer::Start(
        loop, std::move(opened.descriptor), setup, inspector, std::move(ends), std::move(on_arrival));
    if (!server.ok()) return server.status();
    return std::shared_ptr<Server>(*std::move(server));
  }
  const SocketFacts facts = inspector.Inspect(opened.descriptor.Get(), kind);
  const std::shared_ptr<DatagramSocket> socket = DatagramSocket::Start(
      loop, std::move(opened.descriptor), facts, std::move(ends.behaviour), ends.receive_limit);
  socket->changed().Add(std::move(on_arrival));
  return std::make_shared<DatagramServer>(socket);
}

}  // namespace bpfrig::worker
