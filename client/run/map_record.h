// MapRecord: what the maps of one try of a test held, for `run --artifacts`. "Before" is as the plan left a
// map when it last loaded or wrote it, "after" as its steps left it: the difference is what programs did.
// Events are those that steps took, and those that nobody took.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bpfrig/v1/map.pb.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/socket.pb.h"
#include "client/daemon/rpc_error.h"
#include "client/plan/plan.h"
#include "client/run/artifacts.h"
#include "client/run/sandbox.h"

namespace bpfrig::client::run {

using SocketReferences = std::vector<bpfrig::v1::SocketReference>;

class MapRecord {
 public:
  // The test outlives it: its steps name types for maps.
  explicit MapRecord(const plan::Test& test) : test_(test) {}

  void NoteLoad(const std::string& object, const bpfrig::v1::LoadedObject& loaded);
  // The plan writes to maps that are called so.
  void NoteWrite(const std::string& map);
  // The plan sets global variables.
  void NoteGlobals();
  void NoteEvents(const std::string& map, const std::vector<bpfrig::v1::Event>& events, size_t first,
                  uint64_t lost);

  // Dumps maps that the plan has written since they were dumped. `when` is what comes next; `sockets` are
  // those that may have storage.
  void TakeBefore(Sandbox& sandbox, const std::string& when, const SocketReferences& sockets);
  // Dumps all.
  void TakeAfter(Sandbox& sandbox, const SocketReferences& sockets);
  // Takes what can only be read by taking it: queues, stacks and events.
  void TakeRest(Sandbox& sandbox);

  void AddTo(std::vector<Artifact>& artifacts) const;

 private:
  struct Snapshot {
    std::string when;
    std::vector<bpfrig::v1::DumpedEntry> entries;
    // There were more.
    bool is_cut = false;
    // It kept changing while it was read, and entries are missing.
    bool is_torn = false;
    std::string error;
    // Then others would fail as well, each after its time.
    bool is_rigs_failure = false;
  };
  struct Map {
    bpfrig::v1::LoadedMap facts;
    bool is_written = true;
    std::optional<Snapshot> before;
    std::optional<Snapshot> after;
  };
  struct Events {
    std::vector<bpfrig::v1::Event> taken;
    std::vector<bpfrig::v1::Event> left;
    size_t taken_bytes = 0;
    // Of a perf event array.
    bool has_cpus = false;
    bool is_cut = false;
    uint64_t lost = 0;
    std::string error;
  };

  // A request with the types that the test's steps name for the map, if any.
  [[nodiscard]] bpfrig::v1::DumpMapRequest RequestOf(const std::string& map) const;
  [[nodiscard]] std::string RecordTypeOf(const std::string& map) const;
  [[nodiscard]] Snapshot Take(Sandbox& sandbox, const std::string& name, const Map& map, bool consumes,
                              const std::string& when, const SocketReferences& sockets) const;
  void TakeEvents(Sandbox& sandbox, const std::string& name, Events& events) const;
  static std::optional<daemon::RpcError> ReadEvents(Sandbox& sandbox,
                                                    const bpfrig::v1::ReadEventsRequest& request,
                                                    Events& events);
  [[nodiscard]] static std::optional<daemon::RpcError> Dump(Sandbox& sandbox,
                                                            const bpfrig::v1::DumpMapRequest& request,
                                                            Snapshot& snapshot);
  [[nodiscard]] static std::string TextOf(const std::string& name, const Map& map, const Snapshot& snapshot);
  [[nodiscard]] static std::string TextOf(const std::string& name, const Events& events);

  const plan::Test& test_;
  // By `object/map`.
  std::map<std::string, Map> maps_;
  std::map<std::string, Events> events_;
};

}  // namespace bpfrig::client::run
