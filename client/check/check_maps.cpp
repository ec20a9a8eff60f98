// What a step says of maps: their names, their types, and values by these.
#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/map.pb.h"
#include "client/check/check_value.h"
#include "client/check/step_check.h"
#include "client/plan/fields/field_path.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::MapDescription;
using bpfrig::v1::Value;
using google::protobuf::DynamicCastToGenerated;

// Of these the kernel keeps a reference in the value, whatever type is declared.
bool HoldsReferences(const MapDescription& map) {
  for (const char* type :
       {"prog_array", "array_of_maps", "hash_of_maps", "sockmap", "sockhash", "reuseport_sockarray", "devmap",
        "devmap_hash", "cpumap", "xskmap", "perf_event_array", "cgroup_array"}) {
    if (map.type() == type) return true;
  }
  return false;
}

class MapCheck {
 public:
  MapCheck(StepCheck& check, const std::string& map) : check_(check), found_(check.model.FindMap(map)) {
    if (!found_.problem.empty()) check.Add("map", found_.problem);
  }

  [[nodiscard]] const MapDescription* map() const { return found_.item; }

  // The type of keys or values: the one that the step names in `field`, or else the map's.
  TypeRef TypeOf(absl::string_view field, const std::string& name, uint32_t declared, uint32_t size) {
    if (found_.object == nullptr) return {};
    if (name.empty()) return {found_.object->description, declared};
    std::string problem;
    const TypeRef type = check_.model.FindType(name, found_.object, problem);
    if (!problem.empty()) check_.Add(field, problem);
    const auto* resolved = Resolve(type);
    const bool has_own_size = size != 0 && found_.object->sized_by_plan.count(found_.item->name()) == 0;
    if (resolved == nullptr || !has_own_size || resolved->size() <= size) return type;
    check_.Add(field, absl::StrCat(NameOf(type), " has ", resolved->size(), " bytes, and map \"",
                                   found_.item->name(), "\" has room for ", size));
    return type;
  }

  // Of a map with keys and values.
  void SetTypes(const std::string& key_type, const std::string& value_type) {
    if (map() == nullptr) return;
    const TypeRef key = TypeOf("key_type", key_type, map()->key_type(), map()->key_size());
    const TypeRef value = TypeOf("value_type", value_type, map()->value_type(), map()->value_size());
    // Its keys are sockets.
    if (map()->type() != "sk_storage") key_ = key;
    if (!HoldsReferences(*map())) value_ = value;
  }

  void LookAtKey(const std::string& path, const Value& value) const { Look(key_, path, value); }
  void LookAtValue(const std::string& path, const Value& value) const { Look(value_, path, value); }
  void LookAt(const plan::Pattern& key, const plan::Pattern& value) const {
    CheckPattern(key_, "", key, check_.problems);
    CheckPattern(value_, "", value, check_.problems);
  }

  void Look(const TypeRef& type, const std::string& path, const Value& value) const {
    if (value.kind_case() == Value::KIND_NOT_SET) return;
    const auto node = plan::WalkPath(check_.step.node, check_.step.call.method->input_type(), path);
    CheckValue(type, "", value, node, check_.problems);
  }

 private:
  StepCheck& check_;
  const FoundMap found_;
  TypeRef key_;
  TypeRef value_;
};

void CheckSeed(StepCheck& check, const bpfrig::v1::SeedMapRequest& request) {
  MapCheck map(check, request.map());
  map.SetTypes(request.key_type(), request.value_type());
  for (int i = 0; i < request.entries_size(); ++i) {
    const bpfrig::v1::SeedEntry& entry = request.entries(i);
    const std::string path = absl::StrCat("entries[", i, "].");
    map.LookAtKey(path + "key", entry.key());
    map.LookAtValue(path + "value", entry.value());
    for (int j = 0; j < entry.cpu_values_size(); ++j) {
      map.LookAtValue(absl::StrCat(path, "cpu_values[", j, "]"), entry.cpu_values(j));
    }
  }
}

void CheckDump(StepCheck& check, const bpfrig::v1::DumpMapRequest& request) {
  MapCheck map(check, request.map());
  map.SetTypes(request.key_type(), request.value_type());
  for (int i = 0; i < request.keys_size(); ++i) map.LookAtKey(absl::StrCat("keys[", i, "]"), request.keys(i));
  const auto* shape = std::get_if<plan::DumpShape>(&check.step.shape);
  if (shape == nullptr) return;
  for (const plan::EntryExpectation& entry : shape->entries) map.LookAt(entry.key, entry.value);
}

// What a map must be for a step that takes its records or gives it some.
void RequireType(const StepCheck& check, const MapDescription* map,
                 std::initializer_list<absl::string_view> types, absl::string_view words) {
  if (map == nullptr) return;
  for (absl::string_view type : types) {
    if (map->type() == type) return;
  }
  check.Add("map", absl::StrCat("map \"", map->name(), "\" is of type ", map->type(), ", not ", words));
}

void CheckEvents(StepCheck& check, const bpfrig::v1::ReadEventsRequest& request) {
  MapCheck map(check, request.map());
  RequireType(check, map.map(), {"ringbuf", "perf_event_array"}, "a ring buffer or perf event array");
  const auto* shape = std::get_if<plan::EventsShape>(&check.step.shape);
  if (map.map() == nullptr || shape == nullptr) return;
  const TypeRef type = map.TypeOf("type", request.type(), map.map()->value_type(), 0);
  for (const plan::RecordExpectation& record : shape->records) {
    CheckPattern(type, "", record.record, check.problems);
  }
}

void CheckWrite(StepCheck& check, const bpfrig::v1::WriteEventsRequest& request) {
  MapCheck map(check, request.map());
  RequireType(check, map.map(), {"user_ringbuf"}, "a user ring buffer");
  if (map.map() == nullptr) return;
  const TypeRef type = map.TypeOf("type", request.type(), map.map()->value_type(), 0);
  for (int i = 0; i < request.records_size(); ++i) {
    map.Look(type, absl::StrCat("records[", i, "]"), request.records(i));
  }
}

}  // namespace

void CheckMaps(StepCheck& check) {
  const auto* request = check.step.call.request.get();
  if (const auto* seed = DynamicCastToGenerated<const bpfrig::v1::SeedMapRequest>(request)) {
    CheckSeed(check, *seed);
  } else if (const auto* dump = DynamicCastToGenerated<const bpfrig::v1::DumpMapRequest>(request)) {
    CheckDump(check, *dump);
  } else if (const auto* events = DynamicCastToGenerated<const bpfrig::v1::ReadEventsRequest>(request)) {
    CheckEvents(check, *events);
  } else if (const auto* write = DynamicCastToGenerated<const bpfrig::v1::WriteEventsRequest>(request)) {
    CheckWrite(check, *write);
  }
}

}  // namespace bpfrig::client::check
