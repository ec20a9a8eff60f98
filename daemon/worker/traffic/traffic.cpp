#include "daemon/worker/traffic/traffic.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"
#include "daemon/worker/call/names.h"

namespace bpfrig::worker {

absl::StatusOr<Endpoint> Traffic::Listen(const std::string& name, const Endpoint& at, Behaviour behaviour) {
  BPFRIG_RETURN_IF_ERROR(base::WithField(CheckName("server", name), "name"));
  if (servers_.count(name) != 0) return base::WithField(DuplicateName("server", name), "name");
  auto server =
      TcpServer::Open(loop_, at, std::move(behaviour), receive_limit_,
                      [this, name](std::shared_ptr<TcpEnd> end) { OnAccept(name, std::move(end)); });
  if (!server.ok()) return base::WithField(server.status(), "at");
  const Endpoint endpoint = (*server)->at();
  servers_.emplace(name, *std::move(server));
  return endpoint;
}

void Traffic::OnAccept(const std::string& server, std::shared_ptr<TcpEnd> end) {
  unclaimed_.push_back({server, std::move(end)});
  accepted_.Notify();
  if (dials_under_way_ == 0) ForgetClosed();
}

void Traffic::EndDial() {
  --dials_under_way_;
  if (dials_under_way_ == 0) ForgetClosed();
}

void Traffic::ForgetClosed() {
  unclaimed_.erase(std::remove_if(unclaimed_.begin(), unclaimed_.end(),
                                  [](const AcceptedEnd& accepted) { return accepted.end->IsClosed(); }),
                   unclaimed_.end());
}

bool Traffic::AnyServerCovers(const Endpoint& peer) const {
  return std::any_of(servers_.begin(), servers_.end(),
                     [&](const auto& named) { return named.second->Covers(peer); });
}

std::optional<AcceptedEnd> Traffic::Claim(const TcpEnd& dialled) {
  const Endpoint local = Normalised(dialled.local());
  const Endpoint peer = Normalised(dialled.peer());
  auto found = std::find_if(unclaimed_.begin(), unclaimed_.end(), [&](const AcceptedEnd& accepted) {
    return Normalised(accepted.end->peer()) == local && Normalised(accepted.end->local()) == peer;
  });
  // A getpeername program, or one that rewrites packets, may show the dialling end a peer that nobody listens
  // at.
  if (found == unclaimed_.end() && !AnyServerCovers(peer)) {
    found = std::find_if(unclaimed_.begin(), unclaimed_.end(), [&](const AcceptedEnd& accepted) {
      return Normalised(accepted.end->peer()) == local;
    });
  }
  if (found == unclaimed_.end()) return std::nullopt;
  AcceptedEnd claimed = std::move(*found);
  unclaimed_.erase(found);
  return claimed;
}

absl::Status Traffic::ReserveName(const std::string& name) {
  BPFRIG_RETURN_IF_ERROR(base::WithField(CheckName("connection", name), "name"));
  if (!connections_.emplace(name, Connection()).second) {
    return base::WithField(DuplicateName("connection", name), "name");
  }
  return absl::OkStatus();
}

absl::StatusOr<Connection> Traffic::FindConnection(const std::string& name) const {
  const auto found = connections_.find(name);
  if (found != connections_.end() && found->second.dialled != nullptr) return found->second;
  std::vector<std::string> names;
  for (const auto& [existing, connection] : connections_) {
    if (connection.dialled != nullptr) names.push_back(existing);
  }
  return UnknownName("connection", name, names);
}

absl::StatusOr<std::shared_ptr<TcpEnd>> Traffic::FindEnd(const bpfrig::v1::SocketReference& reference) const {
  BPFRIG_ASSIGN_OR_RETURN(const Connection connection, FindConnection(reference.connection()));
  if (reference.end() != bpfrig::v1::CONNECTION_END_ACCEPTED) return connection.dialled;
  if (connection.accepted != nullptr) return connection.accepted;
  return base::MakeError(base::Reason::kUnknownName,
                         absl::StrCat("looking up the accepted end of '", reference.connection(),
                                      "': no server of this sandbox was matched when it was dialled"));
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
  for (const AcceptedEnd& accepted : unclaimed_) accepted.end->Close(false);
  unclaimed_.clear();
  servers_.clear();
}

}  // namespace bpfrig::worker
