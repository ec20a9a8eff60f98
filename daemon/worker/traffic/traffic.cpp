#include "daemon/worker/traffic/traffic.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/call/names.h"
#include "daemon/worker/traffic/start_server.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::SocketReference;

}  // namespace

// Whether a connection to `peer` can have ended at a server: at its port, and at its address or any.
bool Traffic::Covers(const NamedServer& named, const Endpoint& peer) {
  const Endpoint at = Normalised(named.server->socket()->local());
  if (at.family() == AF_UNIX) return at == peer;
  if (at == peer) return true;
  if (at.port() != peer.port() || !at.address().is_unspecified()) return false;
  return at.family() == peer.family() || (at.family() == AF_INET6 && !named.v6_only);
}

absl::StatusOr<Endpoint> Traffic::Listen(const std::string& name, SocketSetup setup, Behaviour behaviour,
                                         bool v6_only) {
  if (servers_.count(name) != 0) return base::WithField(DuplicateName("server", name), "name");
  const SocketKind kind = setup.kind;
  const auto on_accept = [this] { OnAccept(); };
  auto server =
      StartServer(loop_, std::move(setup), inspector_, {std::move(behaviour), receive_limit_}, on_accept);
  if (!server.ok()) return base::WithField(server.status(), "at");
  const Endpoint endpoint = (*server)->socket()->local();
  servers_.emplace(name, NamedServer{*std::move(server), kind, v6_only});
  return endpoint;
}

void Traffic::OnAccept() {
  accepted_.Notify();
  if (dials_under_way_ == 0) ForgetClosed();
}

void Traffic::EndDial() {
  --dials_under_way_;
  if (dials_under_way_ == 0) ForgetClosed();
}

void Traffic::ForgetClosed() {
  for (const auto& [name, named] : servers_) named.server->ForgetClosed();
}

std::optional<AcceptedEnd> Traffic::TakeAccepted(const Server::Condition& condition) {
  for (const auto& [name, named] : servers_) {
    if (std::shared_ptr<StreamEnd> end = named.server->TakeAccepted(condition)) {
      return AcceptedEnd{name, std::move(end)};
    }
  }
  return std::nullopt;
}

std::optional<AcceptedEnd> Traffic::Claim(const Socket& dialled) {
  const Endpoint local = Normalised(dialled.local());
  const Endpoint peer = Normalised(dialled.peer());
  std::optional<AcceptedEnd> claimed = TakeAccepted([&](const Socket& accepted) {
    return Normalised(accepted.peer()) == local && Normalised(accepted.local()) == peer;
  });
  if (claimed.has_value()) return claimed;
  const bool is_covered = std::any_of(servers_.begin(), servers_.end(),
                                      [&](const auto& named) { return Covers(named.second, peer); });
  if (is_covered) return std::nullopt;
  // A getpeername program, or one that rewrites packets, may show the dialling end a peer that nobody listens
  // at.
  return TakeAccepted([&](const Socket& accepted) { return Normalised(accepted.peer()) == local; });
}

std::optional<PassingEnd> Traffic::AcceptNow(const SocketFacts& dialled) {
  const Endpoint local = Normalised(dialled.local);
  const Endpoint peer = Normalised(dialled.peer);
  // A socket can connect to itself, and then has no other end.
  if (local == peer) return std::nullopt;
  for (const auto& [name, named] : servers_) {
    if (!Covers(named, peer)) continue;
    if (std::optional<BareAccepted> socket = named.server->AcceptNow(local, peer)) {
      return PassingEnd{name, *std::move(socket)};
    }
  }
  return std::nullopt;
}

std::map<std::string, uint64_t> Traffic::CountDatagrams(const Endpoint& source) const {
  std::map<std::string, uint64_t> counts;
  for (const auto& [name, named] : servers_) counts[name] = named.server->CountFrom(source);
  return counts;
}

void Traffic::DescribeSent(google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram>& out) const {
  std::map<std::string, std::vector<DatagramArrival>> arrivals;
  for (const auto& [name, named] : servers_) arrivals[name] = named.server->Arrivals();
  journal_.Describe(arrivals, out);
}

std::string Traffic::ServerAt(const Endpoint& peer, SocketKind kind) const {
  const Endpoint at = Normalised(peer);
  std::string covering;
  for (const auto& [name, named] : servers_) {
    if (named.kind.type != kind.type || !Covers(named, at)) continue;
    if (Normalised(named.server->socket()->local()) == at) return name;
    covering = name;
  }
  return covering;
}

absl::Status Traffic::ReserveName(const std::string& name) {
  if (!connections_.emplace(name, Connection()).second) {
    return base::WithField(DuplicateName("connection", name), "name");
  }
  return absl::OkStatus();
}

bool Traffic::HasConnection(const std::string& name) const {
  const auto found = connections_.find(name);
  return found != connections_.end() && found->second.dialled != nullptr;
}

absl::StatusOr<std::shared_ptr<Socket>> Traffic::FindSocket(const SocketReference& reference) const {
  const std::string& name = reference.connection();
  if (HasConnection(name)) return FindEnd(reference);
  const auto server = servers_.find(name);
  if (server != servers_.end() && reference.end() == bpfrig::v1::CONNECTION_END_UNSPECIFIED) {
    return server->second.server->socket();
  }
  if (server != servers_.end()) return FindEnd(reference);
  std::vector<std::string> names;
  for (const auto& [existing, connection] : connections_) {
    if (connection.dialled == nullptr) continue;
    names.push_back(absl::StrCat(existing, connection.is_plain ? " (socket)" : " (connection)"));
  }
  for (const auto& [existing, other] : servers_) names.push_back(absl::StrCat(existing, " (server)"));
  return UnknownName("socket", name, names);
}

absl::StatusOr<int> Traffic::FindDescriptor(const SocketReference& reference) const {
  BPFRIG_ASSIGN_OR_RETURN(const std::shared_ptr<Socket> socket, FindSocket(reference));
  if (!socket->IsClosed()) return socket->descriptor();
  return base::WithObject(
      MakeError(Reason::kInvalidField, absl::StrCat("using the socket of connection '",
                                                    reference.connection(), "': this end is closed already")),
      reference.connection());
}

absl::StatusOr<Carrier> Traffic::FindCarrier(const SocketReference& reference) const {
  BPFRIG_ASSIGN_OR_RETURN(const std::shared_ptr<Socket> socket, FindSocket(reference));
  Carrier carrier{std::dynamic_pointer_cast<StreamEnd>(socket),
                  std::dynamic_pointer_cast<DatagramSocket>(socket)};
  if (carrier.socket() != nullptr) return carrier;
  if (!HasConnection(reference.connection())) return FindConnection(reference.connection()).status();
  return base::WithObject(
      MakeError(Reason::kInvalidField,
                absl::StrCat("using the socket '", reference.connection(),
                             "': it is of a stream and not connected, and carries nothing")),
      reference.connection());
}

absl::StatusOr<std::shared_ptr<Socket>> Traffic::FindEnd(const SocketReference& reference) const {
  BPFRIG_ASSIGN_OR_RETURN(const Connection connection, FindConnection(reference.connection()));
  if (reference.end() != bpfrig::v1::CONNECTION_END_ACCEPTED) return connection.dialled;
  if (connection.accepted != nullptr) return connection.accepted;
  return MakeError(Reason::kUnknownName,
                   absl::StrCat("looking up the accepted end of '", reference.connection(),
                                "': no server of this sandbox was matched when it was dialled"));
}

absl::StatusOr<Connection> Traffic::FindConnection(const std::string& name) const {
  if (HasConnection(name)) return connections_.at(name);
  if (servers_.count(name) != 0) {
    return base::WithObject(
        MakeError(Reason::kUnknownName,
                  absl::StrCat("looking up the connection '", name,
                               "': it is a server, which has a socket of its own but no ends")),
        name);
  }
  std::vector<std::string> names;
  for (const auto& [existing, connection] : connections_) {
    if (connection.dialled != nullptr) names.push_back(existing);
  }
  return UnknownName("connection", name, names);
}

void Traffic::CloseDialled() {
  for (auto& [name, connection] : connections_) {
    if (connection.dialled != nullptr) connection.dialled->Close(false);
  }
}

void Traffic::CloseAll() {
  CloseDialled();
  for (auto& [name, connection] : connections_) {
    if (connection.accepted != nullptr) connection.accepted->Close(false);
  }
  for (const auto& [name, named] : servers_) named.server->Close();
  servers_.clear();
}

}  // namespace bpfrig::worker
