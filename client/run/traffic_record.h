// TrafficRecord: what the sockets of one try of a test sent and received, for `run --artifacts`: what its
// steps did, and what had arrived and nobody took.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/run/artifact_json.h"
#include "client/run/artifacts.h"
#include "client/run/map_record.h"
#include "client/run/sandbox.h"

namespace bpfrig::client::run {

class TrafficRecord {
 public:
  // A call that was answered, in the step of that name; of one that is not about sockets nothing is kept.
  void Note(const std::string& step, const google::protobuf::Message& request,
            const google::protobuf::Message& answer);
  // Takes what is left at every end that has a name, and then closes the connections to learn how much went
  // over each.
  void TakeRest(Sandbox& sandbox);
  // All sockets that have a name.
  [[nodiscard]] SocketReferences Sockets() const;
  // A file, if there were sockets.
  void AddTo(std::vector<Artifact>& artifacts) const;

 private:
  enum class Kind { kConnection, kServer, kSocket };
  using List = ArtifactJson;
  struct End {
    List sent = List::array();
    List received = List::array();
    size_t bytes = 0;
    // There was more than is kept.
    bool is_cut = false;
    std::optional<bpfrig::v1::DisconnectResponse> totals;
  };
  struct Entry {
    Kind kind = Kind::kConnection;
    std::string name;
    bool is_of_datagrams = false;
    // It is there: it can be asked.
    bool is_made = true;
    // What is said of it beside its ends.
    ArtifactJson facts;
    // The only end, if it is not a connection's.
    End dialled;
    End accepted;
  };

  void Note(const bpfrig::v1::ConnectRequest& request, const bpfrig::v1::ConnectResponse& answer);
  void Note(const bpfrig::v1::ListenRequest& request, const bpfrig::v1::ListenResponse& answer);
  void Note(const bpfrig::v1::OpenSocketRequest& request, const bpfrig::v1::OpenSocketResponse& answer);
  void Note(const bpfrig::v1::SendRequest& request, const bpfrig::v1::SendResponse& answer);
  void Note(const bpfrig::v1::ReceiveRequest& request, const bpfrig::v1::ReceiveResponse& answer);
  void Note(const bpfrig::v1::DisconnectRequest& request, const bpfrig::v1::DisconnectResponse& answer);

  Entry NewEntry(Kind kind, const std::string& name, bpfrig::v1::Transport transport, bool is_abstract) const;
  void Add(Entry entry);
  // Null if there is no such socket, or it was one too many.
  [[nodiscard]] End* Find(const bpfrig::v1::SocketReference& socket);
  void AddBytes(absl::string_view bytes, ArtifactJson facts, End& end, List& list);
  // False if the rig failed: then others would fail as well, each after its time.
  [[nodiscard]] bool TakeEnd(Sandbox& sandbox, const bpfrig::v1::SocketReference& socket);
  [[nodiscard]] bool Close(Sandbox& sandbox, const bpfrig::v1::SocketReference& socket);
  [[nodiscard]] static ArtifactJson ToJson(const End& end);
  [[nodiscard]] static ArtifactJson ToJson(const Entry& entry);

  // Which step it is.
  std::string step_;
  std::vector<Entry> entries_;
  // Of all ends.
  size_t bytes_ = 0;
  // Entries that there was no room for.
  size_t left_out_ = 0;
};

}  // namespace bpfrig::client::run
