#include "client/run/map_record.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/run/artifact_json.h"
#include "client/run/file_name.h"
#include "client/verdict/programs.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::DumpedEntry;
using bpfrig::v1::DumpMapRequest;
using bpfrig::v1::DumpMapResponse;
using bpfrig::v1::Event;
using bpfrig::v1::ReadEventsRequest;
using bpfrig::v1::ReadEventsResponse;

// What is kept of a map, or of its events, at most.
constexpr size_t kMaxMapEntries = 4096;

bool IsOfEvents(const std::string& type) { return type == "ringbuf" || type == "perf_event_array"; }
// Read by taking out what is in it.
bool IsConsumed(const std::string& type) { return type == "queue" || type == "stack"; }

// Reads a stream until it ends, or `take` has had enough; then `is_cut`.
template <typename Response>
std::optional<daemon::RpcError> ReadStream(daemon::RunningCall& running, grpc::ClientReader<Response>& reader,
                                           const std::function<bool(Response&)>& take, bool& is_cut) {
  Response response;
  is_cut = false;
  while (reader.Read(&response)) {
    if (is_cut || take(response)) continue;
    is_cut = true;
    running.context()->TryCancel();
  }
  const grpc::Status status = reader.Finish();
  return is_cut ? std::nullopt : daemon::ErrorOf(status);
}

// The keys of a map that cannot be walked: those that it may have.
std::vector<bpfrig::v1::Value> KeysOf(const std::string& type, const SocketReferences& sockets) {
  std::vector<bpfrig::v1::Value> keys;
  if (type == "cgrp_storage") keys.emplace_back().mutable_tag()->set_cgroup_id(true);
  if (type != "sk_storage") return keys;
  for (const bpfrig::v1::SocketReference& socket : sockets) {
    *keys.emplace_back().mutable_tag()->mutable_socket() = socket;
  }
  return keys;
}

bool IsWalked(const std::string& type) { return type != "cgrp_storage" && type != "sk_storage"; }

std::vector<const plan::Step*> StepsOf(const plan::Test& test) {
  std::vector<const plan::Step*> all;
  for (const std::vector<plan::Step>* steps : {&test.setup, &test.steps, &test.teardown}) {
    for (const plan::Step& step : *steps) all.push_back(&step);
  }
  return all;
}

ArtifactJson EventsToJson(const std::vector<Event>& events, bool has_cpus) {
  ArtifactJson list = ArtifactJson::array();
  for (const Event& event : events) {
    ArtifactJson json = ToJson(event);
    if (has_cpus) json["cpu"] = event.cpu();
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

void MapRecord::NoteLoad(const std::string& object, const bpfrig::v1::LoadedObject& loaded) {
  for (const bpfrig::v1::LoadedMap& map : loaded.maps()) {
    const std::string name = absl::StrCat(object, "/", map.name());
    if (IsOfEvents(map.type())) {
      events_[name].has_cpus = map.type() == "perf_event_array";
    } else {
      maps_[name].facts = map;
    }
  }
}

void MapRecord::NoteWrite(const std::string& map) {
  for (auto& [name, written] : maps_) {
    if (verdict::Names(map, name)) written.is_written = true;
  }
}

void MapRecord::NoteGlobals() {
  for (auto& [name, written] : maps_) {
    // `.data`, `.bss` and their like.
    if (absl::StrContains(name, "/.")) written.is_written = true;
  }
}

void MapRecord::NoteEvents(const std::string& map, const std::vector<Event>& events, size_t first,
                           uint64_t lost) {
  for (auto& [name, noted] : events_) {
    if (!verdict::Names(map, name)) continue;
    noted.lost += lost;
    for (size_t i = first; i < events.size(); ++i) {
      noted.taken_bytes += events[i].raw().size();
      if (noted.taken.size() >= kMaxMapEntries || noted.taken_bytes > kMaxArtifactBytes) {
        noted.is_cut = true;
        break;
      }
      noted.taken.push_back(events[i]);
    }
  }
}

DumpMapRequest MapRecord::RequestOf(const std::string& map) const {
  DumpMapRequest request;
  request.set_map(map);
  const auto adopt = [&](const auto* named) {
    if (named == nullptr || !verdict::Names(named->map(), map)) return;
    if (request.key_type().empty()) request.set_key_type(named->key_type());
    if (request.value_type().empty()) request.set_value_type(named->value_type());
  };
  for (const plan::Step* step : StepsOf(test_)) {
    adopt(dynamic_cast<const DumpMapRequest*>(step->call.request.get()));
    adopt(dynamic_cast<const bpfrig::v1::SeedMapRequest*>(step->call.request.get()));
  }
  return request;
}

std::string MapRecord::RecordTypeOf(const std::string& map) const {
  for (const plan::Step* step : StepsOf(test_)) {
    const auto* events = dynamic_cast<const ReadEventsRequest*>(step->call.request.get());
    if (events != nullptr && verdict::Names(events->map(), map) && !events->type().empty()) {
      return events->type();
    }
  }
  return "";
}

std::optional<daemon::RpcError> MapRecord::Dump(Sandbox& sandbox, const DumpMapRequest& request,
                                                Snapshot& snapshot) {
  size_t bytes = 0;
  const auto take = [&](DumpMapResponse& response) {
    snapshot.is_torn = snapshot.is_torn || response.summary().truncated();
    for (DumpedEntry& entry : *response.mutable_entries()) {
      if (entry.absent()) continue;
      bytes += entry.ByteSizeLong();
      if (snapshot.entries.size() >= kMaxMapEntries || bytes > kMaxArtifactBytes) return false;
      snapshot.entries.push_back(std::move(entry));
    }
    return true;
  };
  daemon::RunningCall running(sandbox.client(), kCollectTimeout);
  auto reader = sandbox.client().stub().DumpMap(running.context(), request);
  return ReadStream<DumpMapResponse>(running, *reader, take, snapshot.is_cut);
}

MapRecord::Snapshot MapRecord::Take(Sandbox& sandbox, const std::string& name, const Map& map, bool consumes,
                                    const std::string& when, const SocketReferences& sockets) const {
  Snapshot snapshot;
  snapshot.when = when;
  DumpMapRequest request = RequestOf(name);
  request.set_sandbox(sandbox.id());
  request.set_consume(consumes);
  std::optional<daemon::RpcError> error;
  if (IsWalked(map.facts.type())) {
    error = Dump(sandbox, request, snapshot);
    const bool has_types = !request.key_type().empty() || !request.value_type().empty();
    if (error && has_types && snapshot.entries.empty()) {
      // The object that has the types may be loaded later.
      request.clear_key_type();
      request.clear_value_type();
      error = Dump(sandbox, request, snapshot);
    }
  }
  for (const bpfrig::v1::Value& key : KeysOf(map.facts.type(), sockets)) {
    request.clear_keys();
    *request.add_keys() = key;
    // A socket that is closed has no storage any more, and is not an error.
    static_cast<void>(Dump(sandbox, request, snapshot));
  }
  if (error) {
    snapshot.error = daemon::Describe(*error);
    snapshot.is_rigs_failure = daemon::IsRigFailure(*error);
  }
  if (!consumes) {
    std::sort(snapshot.entries.begin(), snapshot.entries.end(),
              [](const DumpedEntry& a, const DumpedEntry& b) { return a.raw_key() < b.raw_key(); });
  }
  return snapshot;
}

void MapRecord::TakeBefore(Sandbox& sandbox, const std::string& when, const SocketReferences& sockets) {
  for (auto& [name, map] : maps_) {
    if (!map.is_written || IsConsumed(map.facts.type())) continue;
    map.before = Take(sandbox, name, map, false, absl::StrCat("before ", when), sockets);
    map.is_written = false;
    if (map.before->is_rigs_failure) return;
  }
}

void MapRecord::TakeAfter(Sandbox& sandbox, const SocketReferences& sockets) {
  for (auto& [name, map] : maps_) {
    if (IsConsumed(map.facts.type())) continue;
    map.after = Take(sandbox, name, map, false, "after the steps", sockets);
    if (map.after->is_rigs_failure) return;
    // Nothing came after the plan had written it.
    if (map.is_written) map.before = map.after;
  }
}

void MapRecord::TakeRest(Sandbox& sandbox) {
  for (auto& [name, map] : maps_) {
    if (IsConsumed(map.facts.type())) map.after = Take(sandbox, name, map, true, "at the end", {});
  }
  for (auto& [name, events] : events_) TakeEvents(sandbox, name, events);
}

void MapRecord::TakeEvents(Sandbox& sandbox, const std::string& name, Events& events) const {
  ReadEventsRequest request;
  request.set_sandbox(sandbox.id());
  request.set_map(name);
  request.set_type(RecordTypeOf(name));
  std::optional<daemon::RpcError> error = ReadEvents(sandbox, request, events);
  if (error && !request.type().empty() && events.left.empty()) {
    // A type that is not there is a reason to fail: then the bytes are of use.
    request.clear_type();
    error = ReadEvents(sandbox, request, events);
  }
  if (error) events.error = daemon::Describe(*error);
}

std::optional<daemon::RpcError> MapRecord::ReadEvents(Sandbox& sandbox, const ReadEventsRequest& request,
                                                      Events& events) {
  size_t bytes = 0;
  bool is_cut = false;
  const auto take = [&](ReadEventsResponse& response) {
    events.lost += response.summary().lost();
    for (Event& event : *response.mutable_events()) {
      bytes += event.ByteSizeLong();
      if (events.left.size() >= kMaxMapEntries || bytes > kMaxArtifactBytes) return false;
      events.left.push_back(std::move(event));
    }
    return true;
  };
  daemon::RunningCall running(sandbox.client(), kCollectTimeout);
  auto reader = sandbox.client().stub().ReadEvents(running.context(), request);
  auto error = ReadStream<ReadEventsResponse>(running, *reader, take, is_cut);
  events.is_cut = events.is_cut || is_cut;
  return error;
}

std::string MapRecord::TextOf(const std::string& name, const Map& map, const Snapshot& snapshot) {
  ArtifactJson json;
  json["map"] = name;
  json["type"] = map.facts.type();
  json["max_entries"] = map.facts.max_entries();
  json["read"] = snapshot.when;
  if (!snapshot.error.empty()) json["error"] = snapshot.error;
  if (snapshot.is_cut) {
    json["incomplete"] =
        absl::StrCat("there are more: a file has at most ", kMaxMapEntries, " entries and 1 MiB");
  } else if (snapshot.is_torn) {
    json["incomplete"] = "the map kept changing while it was read";
  }
  json["entries"] = ArtifactJson::array();
  for (const DumpedEntry& entry : snapshot.entries) json["entries"].push_back(ToJson(entry));
  return run::TextOf(json);
}

std::string MapRecord::TextOf(const std::string& name, const Events& events) {
  ArtifactJson json;
  json["map"] = name;
  if (!events.error.empty()) json["error"] = events.error;
  if (events.is_cut) {
    json["incomplete"] =
        absl::StrCat("there are more: either list has at most ", kMaxMapEntries, " records and 1 MiB");
  }
  if (events.lost > 0) json["lost"] = events.lost;
  json["taken_by_steps"] = EventsToJson(events.taken, events.has_cpus);
  json["left"] = EventsToJson(events.left, events.has_cpus);
  return run::TextOf(json);
}

void MapRecord::AddTo(std::vector<Artifact>& artifacts) const {
  for (const auto& [name, map] : maps_) {
    for (const auto& [snapshot, what] :
         {std::pair(&map.before, ".before"), std::pair(&map.after, ".after")}) {
      if (!snapshot->has_value()) continue;
      artifacts.push_back({absl::StrCat("maps/", FileName(name), what), ".json",
                           absl::StrCat("the map ", name, " ", (*snapshot)->when),
                           TextOf(name, map, **snapshot)});
    }
  }
  for (const auto& [name, events] : events_) {
    artifacts.push_back({absl::StrCat("events/", FileName(name)), ".json",
                         absl::StrCat("the records of ", name), TextOf(name, events)});
  }
}

}  // namespace bpfrig::client::run
