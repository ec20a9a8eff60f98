#include "daemon/worker/handlers/send_datagram.h"

#include <sys/socket.h>

#include <utility>

#include "bpfrig/v1/traffic.pb.h"

namespace bpfrig::worker {

int SendNoted(Sandbox& sandbox, DatagramSocket& socket, const std::string& name, const std::string& data,
              const Endpoint& to) {
  const Clock::time_point at = Clock::now();
  const int error = socket.Send(data, to);
  if (error != 0) return error;
  bpfrig::v1::SentDatagram sent;
  sent.set_socket(name);
  sent.set_bytes(data.size());
  sent.set_connected(to.family() == AF_UNSPEC);
  *sent.mutable_to() = ToProto(Normalised(sent.connected() ? socket.peer() : to));
  if (sandbox.runs_counted()) {
    for (std::string& program : sandbox.objects().RanSinceMark()) sent.add_programs(std::move(program));
  }
  sandbox.traffic().NoteSent(at, std::move(sent));
  return 0;
}

}  // namespace bpfrig::worker
