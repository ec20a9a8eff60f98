// What a load says of its object.
#include <google/protobuf/message.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "client/check/check_value.h"
#include "client/check/step_check.h"
#include "client/plan/fields/field_path.h"
#include "common/near_names.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::LoadProgramRequest;
using bpfrig::v1::MapDescription;
using bpfrig::v1::MapSettings;
using bpfrig::v1::ObjectDescription;
using bpfrig::v1::ProgramDescription;
using google::protobuf::DynamicCastToGenerated;
using NameKind = SandboxModel::NameKind;

template <typename Items>
auto FindNamed(const Items& items, absl::string_view name) -> decltype(&*items.begin()) {
  for (const auto& item : items) {
    if (item.name() == name) return &item;
  }
  return nullptr;
}

template <typename Items>
std::vector<std::string> NamesOf(const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name());
  return names;
}

// The item of that name; null, with a problem at `path`, if the object has none.
template <typename Items>
auto FindOwn(const StepCheck& check, absl::string_view path, absl::string_view noun, const Items& items,
             const std::string& name) {
  const auto found = FindNamed(items, name);
  if (found == nullptr) {
    const std::vector<std::string> names = NamesOf(items);
    check.Add(path,
              absl::StrCat("the object has no ", noun, " \"", name, "\"", common::DidYouMean(name, names),
                           "; it has ", common::NamesNear(name, names)));
  }
  return found;
}

std::string At(absl::string_view list, int index, absl::string_view field) {
  return absl::StrCat(list, "[", index, "].", field);
}

// Checks one load against the description of its object.
class LoadCheck {
 public:
  LoadCheck(StepCheck& check, const LoadProgramRequest& request, const ObjectDescription& description,
            LoadedObject& object)
      : check_(check), request_(request), description_(description), object_(object) {}

  void Run() {
    if (description_.programs().empty() && description_.maps().empty()) {
      check_.Add("name", "the object has no program and no map; types_only: true loads its types");
    }
    ChoosePrograms();
    for (int i = 0; i < request_.maps_size(); ++i) LookAtSettings(request_.maps(i), i);
    for (const MapDescription& map : description_.maps()) LookAtMissing(map);
    for (const bpfrig::v1::Field& global : request_.globals()) LookAtGlobal(global);
  }

 private:
  void ChoosePrograms() {
    std::set<std::string> chosen;
    for (int i = 0; i < request_.programs_size(); ++i) {
      const auto& selection = request_.programs(i);
      (void)FindOwn(check_, At("programs", i, "program"), "program", description_.programs(),
                    selection.program());
      chosen.insert(selection.program());
    }
    for (int i = 0; i < request_.programs_except_size(); ++i) {
      (void)FindOwn(check_, absl::StrCat("programs_except[", i, "]"), "program", description_.programs(),
                    request_.programs_except(i));
    }
    for (const ProgramDescription& program : description_.programs()) {
      const auto& except = request_.programs_except();
      const bool is_except = std::find(except.begin(), except.end(), program.name()) != except.end();
      const bool is_loaded =
          chosen.empty() ? program.loaded_by_default() && !is_except : chosen.count(program.name()) != 0;
      if (!is_loaded) {
        object_.left_out.insert(program.name());
      } else if (!program.type_problem().empty()) {
        check_.Add(TypePath(program.name()), program.type_problem());
      }
    }
  }

  // Where the load gives the program's type, or could.
  [[nodiscard]] std::string TypePath(const std::string& program) const {
    for (int i = 0; i < request_.programs_size(); ++i) {
      if (request_.programs(i).program() == program) return At("programs", i, "type");
    }
    return "name";
  }

  void LookAtSettings(const MapSettings& settings, int index) {
    const MapDescription* map =
        FindOwn(check_, At("maps", index, "map"), "map", description_.maps(), settings.map());
    if (settings.key_size() != 0 || settings.value_size() != 0) object_.sized_by_plan.insert(settings.map());
    if (!settings.shared_with().empty()) LookAtShared(settings, map, At("maps", index, "shared_with"));
    if (settings.inner_map().empty()) return;
    const std::string path = At("maps", index, "inner_map");
    if (Split(settings.inner_map()).object.empty()) {
      (void)FindOwn(check_, path, "map", description_.maps(), settings.inner_map());
      return;
    }
    const FoundMap inner = check_.model.FindMap(settings.inner_map());
    if (!inner.problem.empty()) check_.Add(path, inner.problem);
  }

  void LookAtShared(const MapSettings& settings, const MapDescription* map, const std::string& path) {
    object_.shared.insert(settings.map());
    const FoundMap shared = check_.model.FindMap(settings.shared_with());
    if (!shared.problem.empty()) check_.Add(path, shared.problem);
    if (shared.item == nullptr || map == nullptr) return;
    const auto differs = [&](absl::string_view what, const auto& theirs, const auto& ours) {
      if (theirs == ours) return;
      check_.Add(path, absl::StrCat("the ", what, " of map \"", settings.shared_with(), "\" is ", theirs,
                                    ", but \"", map->name(), "\" declares ", ours));
    };
    differs("type", shared.item->type(), map->type());
    if (object_.sized_by_plan.count(map->name()) != 0) return;
    if (shared.object->sized_by_plan.count(shared.item->name()) != 0) return;
    differs("key_size", shared.item->key_size(), map->key_size());
    differs("value_size", shared.item->value_size(), map->value_size());
  }

  void LookAtMissing(const MapDescription& map) {
    const bool is_shared = request_.share() == bpfrig::v1::MAP_SHARING_BY_NAME || map.pinned_by_name();
    if (is_shared) object_.shared.insert(map.name());
    if (object_.shared.count(map.name()) != 0) return;
    for (const std::string& missing : map.missing()) {
      const bool is_set =
          std::any_of(request_.maps().begin(), request_.maps().end(), [&](const MapSettings& settings) {
            return settings.map() == map.name() && Sets(settings, missing);
          });
      if (is_set) continue;
      check_.Add("name", absl::StrCat("map \"", map.name(), "\" has no ", missing,
                                      ": maps: [{map: ", map.name(), ", ", missing, ": ...}]"));
    }
  }

  static bool Sets(const MapSettings& settings, absl::string_view field) {
    const auto* const found = MapSettings::descriptor()->FindFieldByName(std::string(field));
    if (found == nullptr) return true;  // Of a later daemon: nothing is known of it.
    const google::protobuf::Reflection& reflection = *settings.GetReflection();
    return reflection.HasField(settings, found);
  }

  void LookAtGlobal(const bpfrig::v1::Field& global) {
    const std::string path = absl::StrCat("globals.", global.name());
    const auto* found = FindOwn(check_, path, "global variable", description_.globals(), global.name());
    if (found == nullptr) return;
    CheckValue({&description_, found->type()}, global.name(), global.value(),
               plan::WalkPath(check_.step.node, check_.step.call.method->input_type(), path),
               check_.problems);
  }

  StepCheck& check_;
  const LoadProgramRequest& request_;
  const ObjectDescription& description_;
  LoadedObject& object_;
};

// The description of the object that the step loads; null if nothing is known of it.
const ObjectDescription* FindDescription(const StepCheck& check, const Descriptions& descriptions,
                                         bool types_only) {
  const std::optional<LoadedAs> loaded = LoadOf(check.step);
  const auto found = loaded ? descriptions.find(*loaded) : descriptions.end();
  if (found == descriptions.end()) return nullptr;
  if (found->second.ok()) return &*found->second;
  // Of an object of types less has to be right.
  if (!types_only) check.Add("name", std::string(found->second.status().message()));
  return nullptr;
}

}  // namespace

void CheckLoad(StepCheck& check, const Descriptions& descriptions) {
  const auto* request = DynamicCastToGenerated<const LoadProgramRequest>(check.step.call.request.get());
  if (request == nullptr) return;
  LoadedObject object;
  object.name = request->name();
  object.is_certain = !check.may_fail;
  object.description = FindDescription(check, descriptions, request->types_only());
  if (object.description != nullptr && request->types_only()) {
    // Its programs and maps are not there.
    for (const ProgramDescription& program : object.description->programs()) {
      object.left_out.insert(program.name());
    }
    for (const MapDescription& map : object.description->maps()) object.left_out.insert(map.name());
  } else if (object.description != nullptr) {
    LoadCheck(check, *request, *object.description, object).Run();
  }
  const ObjectDescription* description = object.description;
  if (!check.model.AddObject(std::move(object))) {
    check.Add("name", absl::StrCat("an object \"", request->name(),
                                   "\" is loaded already; name: NAME gives this one its own name"));
  }
  for (int i = 0; i < request->attach_size(); ++i) {
    CheckTarget(check, At("attach", i, ""), request->attach(i), request->name());
  }
  if (!request->attach_all() || description == nullptr) return;
  for (const ProgramDescription& program : description->programs()) {
    // Which of them have a place is not said against.
    (void)check.model.AddName(NameKind::kLink, program.name(), false);
  }
}

}  // namespace bpfrig::client::check
