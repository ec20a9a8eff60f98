#include "client/check/sandbox_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/near_names.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::GlobalDescription;
using bpfrig::v1::MapDescription;
using bpfrig::v1::ObjectDescription;
using bpfrig::v1::ProgramDescription;

// The kernel's own types go by this object's name.
constexpr char kKernel[] = "vmlinux";

std::string NoObject(absl::string_view name, const std::vector<std::string>& loaded) {
  return absl::StrCat("no object \"", name, "\" is loaded here", common::DidYouMean(name, loaded),
                      loaded.empty() ? "" : "; loaded are: ", absl::StrJoin(loaded, ", "));
}

}  // namespace

SplitReference Split(absl::string_view reference) {
  const size_t slash = reference.find('/');
  if (slash == absl::string_view::npos) return {"", std::string(reference)};
  return {std::string(reference.substr(0, slash)), std::string(reference.substr(slash + 1))};
}

bool SandboxModel::AddObject(LoadedObject object) {
  const LoadedObject* known = FindObject(object.name);
  const bool is_taken = known != nullptr && known->is_certain && object.is_certain;
  objects_.push_back(std::move(object));
  return !is_taken;
}

const LoadedObject* SandboxModel::FindObject(absl::string_view name) const {
  // The one that was loaded last under a name that failed before.
  const auto found = std::find_if(objects_.rbegin(), objects_.rend(),
                                  [&](const LoadedObject& object) { return object.name == name; });
  return found == objects_.rend() ? nullptr : &*found;
}

std::vector<std::string> SandboxModel::ObjectNames() const {
  std::vector<std::string> names;
  for (const LoadedObject& object : objects_) {
    if (std::find(names.begin(), names.end(), object.name) == names.end()) names.push_back(object.name);
  }
  return names;
}

template <typename Item, typename ItemsOf>
Found<Item> SandboxModel::Find(absl::string_view noun, absl::string_view name,
                               const ItemsOf& items_of) const {
  Found<Item> found;
  const SplitReference wanted = Split(name);
  if (!wanted.object.empty() && FindObject(wanted.object) == nullptr) {
    found.problem = NoObject(wanted.object, ObjectNames());
    return found;
  }
  std::vector<std::string> existing;
  std::vector<std::string> matches;
  bool is_unsure = false;
  for (const LoadedObject& object : objects_) {
    if (!wanted.object.empty() && object.name != wanted.object) continue;
    // It may have anything, or not be there.
    if (object.description == nullptr || !object.is_certain) is_unsure = true;
    if (object.description == nullptr) continue;
    for (const Item& item : items_of(*object.description)) {
      existing.push_back(wanted.object.empty() ? absl::StrCat(object.name, "/", item.name()) : item.name());
      if (item.name() != wanted.name) continue;
      if (object.left_out.count(item.name()) != 0) {
        if (matches.empty()) {
          found.problem = absl::StrCat(noun, " \"", name, "\" is not among those that object \"", object.name,
                                       "\" was loaded with");
        }
        continue;
      }
      // Shared maps are one and the same.
      if (!matches.empty() && object.shared.count(item.name()) != 0) continue;
      found = {&item, &object, "", false};
      matches.push_back(absl::StrCat(object.name, "/", item.name()));
    }
  }
  if (matches.size() == 1) return found;
  if (is_unsure) return {};
  if (matches.size() > 1) {
    return {nullptr, nullptr,
            absl::StrCat("several objects have a ", noun, " \"", name, "\": say ",
                         absl::StrJoin(matches, " or ")),
            true};
  }
  if (!found.problem.empty()) return found;
  const std::string where =
      wanted.object.empty() ? std::string(objects_.empty() ? "no object is loaded here, and so there is no "
                                                           : "no loaded object has a ")
                            : absl::StrCat("object \"", wanted.object, "\" has no ");
  std::vector<std::string> near = existing;
  if (wanted.object.empty()) {
    for (std::string& full : near) full = Split(full).name;
  }
  found.problem = absl::StrCat(
      where, noun, " \"", wanted.name, "\"", common::DidYouMean(wanted.name, near),
      existing.empty() ? "" : "; there are: ", existing.empty() ? "" : common::NamesNear(name, existing));
  return found;
}

FoundProgram SandboxModel::FindProgram(absl::string_view name) const {
  return Find<ProgramDescription>(
      "program", name, [](const ObjectDescription& object) -> const auto& { return object.programs(); });
}

FoundMap SandboxModel::FindMap(absl::string_view name) const {
  return Find<MapDescription>(
      "map", name, [](const ObjectDescription& object) -> const auto& { return object.maps(); });
}

FoundGlobal SandboxModel::FindGlobal(absl::string_view name) const {
  return Find<GlobalDescription>(
      "global variable", name,
      [](const ObjectDescription& object) -> const auto& { return object.globals(); });
}

TypeRef SandboxModel::FindTypeInAny(absl::string_view name, bool& is_sure) const {
  is_sure = false;
  TypeRef found;
  for (const LoadedObject& object : objects_) {
    if (object.description == nullptr || MayHaveMoreTypes(*object.description)) return {};
    const TypeRef type = check::FindType(*object.description, name);
    if (type.IsKnown() && found.IsKnown()) return {};
    if (type.IsKnown()) found = type;
  }
  is_sure = true;
  return found;
}

TypeRef SandboxModel::FindType(absl::string_view name, const LoadedObject* home, std::string& problem) const {
  const SplitReference wanted = Split(name);
  if (wanted.object == kKernel) return {};
  const LoadedObject* named = home;
  bool is_sure = false;
  if (named == nullptr && wanted.object.empty()) {
    const TypeRef found = FindTypeInAny(wanted.name, is_sure);
    if (is_sure && !found.IsKnown()) {
      problem = absl::StrCat(
          objects_.empty() ? "no object is loaded here, and so there is no" : "no loaded object has a",
          " type \"", wanted.name, "\"; one of the kernel's is ", kKernel, "/", wanted.name);
    }
    return found;
  }
  if (!wanted.object.empty()) {
    named = FindObject(wanted.object);
    if (named == nullptr) problem = NoObject(wanted.object, ObjectNames());
  }
  if (named == nullptr || named->description == nullptr) return {};
  const TypeRef found = check::FindType(*named->description, wanted.name);
  if (found.IsKnown() || MayHaveMoreTypes(*named->description)) return found;
  // A plain name may be another object's.
  if (wanted.object.empty()) {
    const TypeRef elsewhere = FindTypeInAny(wanted.name, is_sure);
    if (!is_sure || elsewhere.IsKnown()) return elsewhere;
  }
  const std::vector<std::string> names = TypeNames(*named->description);
  problem = absl::StrCat("object \"", named->name, "\" has no type \"", wanted.name, "\"",
                         common::DidYouMean(wanted.name, names), "; it has ",
                         common::NamesNear(wanted.name, names));
  return {};
}

bool SandboxModel::AddName(NameKind kind, const std::string& name, bool is_certain) {
  const auto [known, is_new] = NamesOf(kind).try_emplace(name, is_certain);
  if (is_new) return true;
  const bool was_certain = known->second;
  known->second = was_certain || is_certain;
  return !was_certain || !is_certain;
}

bool SandboxModel::HasName(NameKind kind, const std::string& name) const {
  return NamesOf(kind).count(name) != 0;
}

std::vector<std::string> SandboxModel::Names(NameKind kind) const {
  std::vector<std::string> names;
  for (const auto& [name, is_certain] : NamesOf(kind)) names.push_back(name);
  return names;
}

}  // namespace bpfrig::client::check
