#include "client/run/traffic_record.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/rules/call_traits.h"
#include "proto/rules/field_words.h"
#include "proto/rules/transports.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::ConnectionEnd;
using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;
using bpfrig::v1::DisconnectRequest;
using bpfrig::v1::DisconnectResponse;
using bpfrig::v1::ListenRequest;
using bpfrig::v1::ListenResponse;
using bpfrig::v1::OpenSocketRequest;
using bpfrig::v1::OpenSocketResponse;
using bpfrig::v1::ReceiveRequest;
using bpfrig::v1::ReceiveResponse;
using bpfrig::v1::SendRequest;
using bpfrig::v1::SendResponse;
using bpfrig::v1::ServerBehaviour;
using bpfrig::v1::SocketReference;
using bpfrig::v1::Transport;

// What is kept at most: sockets, and of each end pieces and bytes.
constexpr size_t kMaxTrafficEntries = 1024;
constexpr size_t kMaxPieces = 4096;
constexpr size_t kMaxBytesInAll = 16U << 20U;

ArtifactJson BehaviourOf(const ServerBehaviour& behaviour) {
  switch (behaviour.kind_case()) {
    case ServerBehaviour::kEcho:
      return "echo";
    case ServerBehaviour::kReply:
      return {{"reply", BytesToJson(behaviour.reply())}};
    case ServerBehaviour::kClose:
      return "close";
    case ServerBehaviour::kSink:
    case ServerBehaviour::KIND_NOT_SET:
      break;
  }
  return "sink";
}

SocketReference EndOf(const std::string& name, ConnectionEnd end) {
  SocketReference socket;
  socket.set_connection(name);
  socket.set_end(end);
  return socket;
}

std::optional<daemon::RpcError> Ask(Sandbox& sandbox, const char* method, google::protobuf::Message& request,
                                    google::protobuf::Message& answer) {
  return sandbox.Call(*rules::Service().FindMethodByName(method), request, answer, kCollectTimeout);
}

}  // namespace

void TrafficRecord::Note(const std::string& step, const google::protobuf::Message& request,
                         const google::protobuf::Message& answer) {
  step_ = step;
  const auto note = [&](const auto* of_type, const auto& empty_answer) {
    using Answer = std::decay_t<decltype(empty_answer)>;
    if (of_type != nullptr) Note(*of_type, static_cast<const Answer&>(answer));
  };
  note(dynamic_cast<const ConnectRequest*>(&request), ConnectResponse());
  note(dynamic_cast<const ListenRequest*>(&request), ListenResponse());
  note(dynamic_cast<const OpenSocketRequest*>(&request), OpenSocketResponse());
  note(dynamic_cast<const SendRequest*>(&request), SendResponse());
  note(dynamic_cast<const ReceiveRequest*>(&request), ReceiveResponse());
  note(dynamic_cast<const DisconnectRequest*>(&request), DisconnectResponse());
}

TrafficRecord::Entry TrafficRecord::NewEntry(Kind kind, const std::string& name, Transport transport,
                                             bool is_abstract) const {
  if (transport == bpfrig::v1::TRANSPORT_UNSPECIFIED)
    transport = is_abstract ? bpfrig::v1::TRANSPORT_UNIX : bpfrig::v1::TRANSPORT_TCP;
  Entry entry;
  entry.kind = kind;
  entry.name = name;
  entry.is_of_datagrams = rules::IsOfDatagrams(transport);
  entry.facts["step"] = step_;
  entry.facts["transport"] =
      rules::EnumWord(*bpfrig::v1::Transport_descriptor()->FindValueByNumber(transport));
  return entry;
}

void TrafficRecord::Add(Entry entry) {
  if (entries_.size() < kMaxTrafficEntries) {
    entries_.push_back(std::move(entry));
  } else {
    ++left_out_;
  }
}

void TrafficRecord::AddBytes(absl::string_view bytes, ArtifactJson facts, End& end, List& list) {
  const size_t whole = bytes.size();
  bytes = bytes.substr(0, std::min(kMaxArtifactBytes - end.bytes, kMaxBytesInAll - bytes_));
  if (bytes.size() < whole || list.size() >= kMaxPieces) end.is_cut = true;
  if (list.size() >= kMaxPieces || (whole > 0 && bytes.empty())) return;
  end.bytes += bytes.size();
  bytes_ += bytes.size();
  ArtifactJson piece = {{"step", step_}, {"bytes", whole}};
  piece.update(BytesToJson(bytes));
  piece.update(facts);
  list.push_back(std::move(piece));
}

void TrafficRecord::Note(const ConnectRequest& request, const ConnectResponse& answer) {
  Entry entry =
      NewEntry(Kind::kConnection, request.name(), request.transport(), !request.to().abstract().empty());
  entry.facts["to"] = run::ToJson(request.to());
  if (!answer.errno_name().empty()) entry.facts["errno"] = answer.errno_name();
  entry.is_made = answer.errno_name().empty();
  if (answer.has_local()) entry.facts["local"] = run::ToJson(answer.local());
  if (answer.has_peer()) entry.facts["peer"] = run::ToJson(answer.peer());
  if (!answer.server().empty()) entry.facts["server"] = answer.server();
  if (answer.peer_closed()) entry.facts["peer_closed"] = true;
  const std::string sent = request.send().substr(0, answer.sent());
  if (!request.send().empty()) {
    ArtifactJson facts = ArtifactJson::object();
    if (sent.size() < request.send().size()) facts["of"] = request.send().size();
    AddBytes(sent, facts, entry.dialled, entry.dialled.sent);
  }
  if (!answer.received().empty()) {
    AddBytes(answer.received(), ArtifactJson::object(), entry.dialled, entry.dialled.received);
  }
  Add(std::move(entry));
}

void TrafficRecord::Note(const ListenRequest& request, const ListenResponse& answer) {
  Entry entry =
      NewEntry(Kind::kServer, request.name(), request.transport(), !request.at().abstract().empty());
  entry.facts["at"] = run::ToJson(answer.at());
  entry.facts["behaviour"] = BehaviourOf(request.behaviour());
  Add(std::move(entry));
}

void TrafficRecord::Note(const OpenSocketRequest& request, const OpenSocketResponse& answer) {
  Entry entry =
      NewEntry(Kind::kSocket, request.name(), request.transport(), !request.bind().abstract().empty());
  if (answer.has_local()) entry.facts["local"] = run::ToJson(answer.local());
  if (!answer.errno_name().empty()) entry.facts["errno"] = answer.errno_name();
  entry.is_made = answer.errno_name().empty();
  Add(std::move(entry));
}

void TrafficRecord::Note(const SendRequest& request, const SendResponse& answer) {
  End* end = Find(request.from());
  if (end == nullptr) return;
  ArtifactJson facts = ArtifactJson::object();
  if (request.has_to()) facts["to"] = run::ToJson(request.to());
  if (answer.sent() < request.data().size()) facts["of"] = request.data().size();
  if (!answer.errno_name().empty()) facts["errno"] = answer.errno_name();
  AddBytes(request.data().substr(0, answer.sent()), facts, *end, end->sent);
}

void TrafficRecord::Note(const ReceiveRequest& request, const ReceiveResponse& answer) {
  End* end = Find(request.at());
  const bool is_nothing = answer.data().empty() && !answer.has_from() && answer.errno_name().empty();
  if (end == nullptr || is_nothing) return;
  ArtifactJson facts = ArtifactJson::object();
  if (answer.has_from()) facts["from"] = run::ToJson(answer.from());
  if (answer.truncated()) facts["truncated"] = true;
  if (!answer.errno_name().empty()) facts["errno"] = answer.errno_name();
  AddBytes(answer.data(), facts, *end, end->received);
}

void TrafficRecord::Note(const DisconnectRequest& request, const DisconnectResponse& answer) {
  if (End* end = Find(request.connection())) end->totals = answer;
}

TrafficRecord::End* TrafficRecord::Find(const SocketReference& socket) {
  Entry* found = nullptr;
  for (Entry& entry : entries_) {
    if (entry.name != socket.connection() || entry.name.empty() || !entry.is_made) continue;
    // A server gives way to what else has its name.
    if (found == nullptr || entry.kind != Kind::kServer) found = &entry;
  }
  if (found == nullptr) return nullptr;
  return socket.end() == bpfrig::v1::CONNECTION_END_ACCEPTED ? &found->accepted : &found->dialled;
}

SocketReferences TrafficRecord::Sockets() const {
  SocketReferences sockets;
  for (const Entry& entry : entries_) {
    if (entry.name.empty() || !entry.is_made) continue;
    if (entry.kind != Kind::kConnection) {
      sockets.push_back(EndOf(entry.name, bpfrig::v1::CONNECTION_END_UNSPECIFIED));
      continue;
    }
    sockets.push_back(EndOf(entry.name, bpfrig::v1::CONNECTION_END_DIALLED));
    if (!entry.is_of_datagrams) sockets.push_back(EndOf(entry.name, bpfrig::v1::CONNECTION_END_ACCEPTED));
  }
  return sockets;
}

void TrafficRecord::TakeRest(Sandbox& sandbox) {
  step_ = "left at the end";
  for (const SocketReference& socket : Sockets()) {
    if (!TakeEnd(sandbox, socket)) return;
  }
  for (const SocketReference& socket : Sockets()) {
    if (!Close(sandbox, socket)) return;
  }
}

bool TrafficRecord::TakeEnd(Sandbox& sandbox, const SocketReference& socket) {
  ReceiveRequest request;
  *request.mutable_at() = socket;
  // Of a stream all comes at once; datagrams come one by one.
  for (size_t i = 0; i < kMaxPieces; ++i) {
    ReceiveResponse answer;
    // What listens for connections, or is closed, has nothing.
    if (const auto error = Ask(sandbox, "Receive", request, answer)) return !daemon::IsRigFailure(*error);
    Note(request, answer);
    if (!answer.has_from()) return true;
  }
  return true;
}

bool TrafficRecord::Close(Sandbox& sandbox, const SocketReference& socket) {
  // Servers are not closed.
  if (socket.end() == bpfrig::v1::CONNECTION_END_UNSPECIFIED) return true;
  DisconnectRequest request;
  *request.mutable_connection() = socket;
  DisconnectResponse answer;
  if (const auto error = Ask(sandbox, "Disconnect", request, answer)) return !daemon::IsRigFailure(*error);
  Note(request, answer);
  return true;
}

ArtifactJson TrafficRecord::ToJson(const End& end) {
  ArtifactJson json;
  json["sent"] = end.sent;
  json["received"] = end.received;
  if (end.is_cut)
    json["incomplete"] =
        "there was more: of an end at most 1 MiB is kept, in 4096 pieces each way, of a test 16 MiB";
  if (end.totals) json["in_all"] = {{"sent", end.totals->sent()}, {"received", end.totals->received()}};
  return json;
}

ArtifactJson TrafficRecord::ToJson(const Entry& entry) {
  ArtifactJson json;
  json["name"] = entry.name.empty() ? ArtifactJson(nullptr) : ArtifactJson(entry.name);
  json.update(entry.facts);
  if (entry.kind == Kind::kConnection) {
    json["dialled"] = ToJson(entry.dialled);
    if (!entry.is_of_datagrams) json["accepted"] = ToJson(entry.accepted);
  } else if (entry.is_of_datagrams) {
    json.update(ToJson(entry.dialled));
  }
  return json;
}

void TrafficRecord::AddTo(std::vector<Artifact>& artifacts) const {
  if (entries_.empty()) return;
  ArtifactJson json;
  for (const auto& [kind, name] :
       {std::pair(Kind::kConnection, "connections"), std::pair(Kind::kServer, "servers"),
        std::pair(Kind::kSocket, "sockets")}) {
    json[name] = ArtifactJson::array();
    for (const Entry& entry : entries_) {
      if (entry.kind == kind) json[name].push_back(ToJson(entry));
    }
  }
  if (left_out_ > 0) json["left_out"] = left_out_;
  artifacts.push_back(
      {"connections", ".json", "what connections, servers and sockets sent and received", TextOf(json)});
}

}  // namespace bpfrig::client::run
