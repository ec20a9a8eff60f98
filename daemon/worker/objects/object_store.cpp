#include "daemon/worker/objects/object_store.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/near_names.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/perf_buffer.h"
#include "daemon/kernel_bpf/map/ring_buffer.h"
#include "daemon/worker/call/names.h"

namespace bpfrig::worker {
namespace {

// As an object that the kernel's own types belong to.
constexpr char kKernel[] = "vmlinux";

}  // namespace

absl::StatusOr<uint64_t> ProgramRecord::Runs() const {
  BPFRIG_ASSIGN_OR_RETURN(const kernel_bpf::ProgramInfo info, program->Info());
  return info.run_count - std::min(info.run_count, test_runs);
}

void ObjectStore::MarkRuns() {
  for (ProgramRecord& record : programs_) {
    const absl::StatusOr<uint64_t> runs = record.Runs();
    if (runs.ok()) record.runs_before_call = *runs;
  }
}

std::vector<std::string> ObjectStore::RanSinceMark() const {
  std::vector<std::string> names;
  for (const ProgramRecord& record : programs_) {
    const absl::StatusOr<uint64_t> runs = record.Runs();
    if (runs.ok() && *runs > record.runs_before_call) names.push_back(record.FullName());
  }
  return names;
}

absl::Status ObjectStore::CheckNewName(const std::string& name) const {
  if (FindObject(name) != nullptr) {
    return base::WithField(
        base::WithHint(DuplicateName("object", name), "give the object a name of its own: name"), "name");
  }
  return absl::OkStatus();
}

void ObjectStore::Add(const std::string& name, kernel_bpf::BpfObject object, MapReservation memory) {
  objects_.push_back({name, std::move(memory), std::move(object), std::nullopt});
  for (const kernel_bpf::Program& program : objects_.back().loaded->programs()) {
    const absl::StatusOr<kernel_bpf::ProgramInfo> info = program.Info();
    if (!info.ok()) base::LogWarning(info.status().message());
    programs_.push_back({name, &program, info.ok() ? info->id : 0, false, 0});
  }
  for (const kernel_bpf::Map& map : objects_.back().loaded->maps()) {
    // One that is shared is read already.
    if (!map.IsPerfEventArray() || readers_.count(map.info().id) > 0) continue;
    readers_.insert({map.info().id, Reader{name, kernel_bpf::PerfBuffer::Open(map)}});
  }
}

void ObjectStore::AddTypes(const std::string& name, kernel_bpf::ObjectTypes types) {
  objects_.push_back({name, MapReservation(), std::nullopt, std::move(types)});
}

void ObjectStore::Remove(const std::string& name) {
  for (auto reader = readers_.begin(); reader != readers_.end();) {
    reader = reader->second.object == name ? readers_.erase(reader) : std::next(reader);
  }
  programs_.remove_if([&](const ProgramRecord& record) { return record.object == name; });
  objects_.remove_if([&](const Object& object) { return object.name == name; });
}

void ObjectStore::Clear() {
  readers_.clear();
  programs_.clear();
  objects_.clear();
}

const ObjectStore::Object* ObjectStore::FindObject(const std::string& name) const {
  const auto found = std::find_if(objects_.begin(), objects_.end(),
                                  [&](const Object& object) { return object.name == name; });
  return found == objects_.end() ? nullptr : &*found;
}

std::vector<std::string> ObjectStore::ObjectNames() const {
  std::vector<std::string> names;
  for (const Object& object : objects_) names.push_back(object.name);
  return names;
}

absl::StatusOr<const ProgramRecord*> ObjectStore::FindProgram(const std::string& name) const {
  const QualifiedName wanted = SplitName(name);
  std::vector<const ProgramRecord*> matches;
  std::vector<std::string> match_names;
  std::vector<std::string> existing;
  for (const ProgramRecord& record : programs_) {
    existing.push_back(record.FullName());
    if (record.program->name() != wanted.name) continue;
    if (!wanted.object.empty() && record.object != wanted.object) continue;
    matches.push_back(&record);
    match_names.push_back(record.FullName());
  }
  if (matches.size() > 1) return AmbiguousName("program", name, match_names);
  if (matches.empty()) BPFRIG_RETURN_IF_ERROR(CheckSelected(name));
  if (matches.empty()) return UnknownName("program", name, existing);
  return matches.front();
}

absl::Status ObjectStore::CheckSelected(const std::string& name) const {
  const QualifiedName wanted = SplitName(name);
  for (const Object& object : objects_) {
    if (!object.loaded.has_value() || (!wanted.object.empty() && object.name != wanted.object)) continue;
    const std::vector<std::string>& left_out = object.loaded->left_out();
    if (std::find(left_out.begin(), left_out.end(), wanted.name) == left_out.end()) continue;
    return base::WithObject(
        base::WithHint(
            base::MakeError(base::Reason::kUnknownName,
                            absl::StrCat("looking up the program '", name, "': object ", object.name,
                                         " has it, but it was not selected when that was loaded")),
            absl::StrCat("list it in the load's `programs: [", wanted.name,
                         "]`, with the others that are wanted; without a list, programs of "
                         "sections that begin with '?' are left out")),
        name);
  }
  return absl::OkStatus();
}

absl::StatusOr<const kernel_bpf::BpfObject*> ObjectStore::FindLoaded(const std::string& name) const {
  const Object* object = FindObject(name);
  if (object == nullptr) return UnknownName("object", name, ObjectNames());
  if (object->loaded.has_value()) return &*object->loaded;
  return base::WithObject(
      base::MakeError(base::Reason::kUnknownName,
                      absl::StrCat("looking up the object '", name, "': it was loaded for its types alone")),
      name);
}

absl::StatusOr<ProgramRecord*> ObjectStore::FindProgram(const std::string& name) {
  BPFRIG_ASSIGN_OR_RETURN(const ProgramRecord* found, std::as_const(*this).FindProgram(name));
  return const_cast<ProgramRecord*>(found);
}

std::vector<MapReference> ObjectStore::AllMaps() const {
  std::vector<MapReference> maps;
  for (const Object& object : objects_) {
    if (!object.loaded.has_value()) continue;
    for (const kernel_bpf::Map& map : object.loaded->maps()) maps.push_back({object.name, &map});
  }
  return maps;
}

absl::StatusOr<MapReference> ObjectStore::FindMap(const std::string& name) const {
  const QualifiedName wanted = SplitName(name);
  std::vector<MapReference> matches;
  std::vector<std::string> match_names;
  std::vector<std::string> existing;
  for (const MapReference& map : AllMaps()) {
    existing.push_back(map.FullName());
    if (map.map->name() != wanted.name) continue;
    if (!wanted.object.empty() && map.object != wanted.object) continue;
    // Objects that share a map have one and the same.
    if (!matches.empty() && matches.front().map->info().id == map.map->info().id) continue;
    matches.push_back(map);
    match_names.push_back(existing.back());
  }
  if (matches.size() > 1) return AmbiguousName("map", name, match_names);
  if (matches.empty()) return UnknownName("map", name, existing);
  return matches.front();
}

absl::StatusOr<kernel_bpf::TypeRef> ObjectStore::FindType(const std::string& object,
                                                          const std::string& name) const {
  const QualifiedName wanted = SplitName(name);
  const std::string& home_name = wanted.object.empty() ? object : wanted.object;
  if (home_name.empty()) return FindTypeInAny(name);
  const Object* home = FindObject(home_name);
  if (home == nullptr && home_name == kKernel) return FindKernelType(wanted.name);
  if (home == nullptr) return UnknownName("object", wanted.object, ObjectNames());
  const absl::StatusOr<kernel_bpf::TypeRef> own = home->AllTypes().Find(wanted.name);
  if (own.ok() || !wanted.object.empty()) return own;
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<kernel_bpf::TypeRef> found, FindTypeAmong(wanted.name, true));
  return found ? absl::StatusOr<kernel_bpf::TypeRef>(*found) : own;
}

std::string ObjectStore::TypesNear(const std::string& object, absl::string_view name) const {
  const Object* home = FindObject(object);
  return common::NamesNear(name, home == nullptr ? std::vector<std::string>() : home->AllTypes().Names());
}

absl::StatusOr<std::optional<kernel_bpf::TypeRef>> ObjectStore::FindTypeAmong(const std::string& name,
                                                                              bool types_only) const {
  std::optional<kernel_bpf::TypeRef> found;
  std::vector<std::string> full_names;
  for (const Object& object : objects_) {
    if (types_only && !object.types) continue;
    const absl::StatusOr<kernel_bpf::TypeRef> type = object.AllTypes().Find(name);
    if (!type.ok()) continue;
    found = *type;
    full_names.push_back(absl::StrCat(object.name, "/", name));
  }
  if (full_names.size() > 1) return AmbiguousName("type", name, full_names);
  return found;
}

absl::StatusOr<kernel_bpf::TypeRef> ObjectStore::FindTypeInAny(const std::string& name) const {
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<kernel_bpf::TypeRef> found, FindTypeAmong(name, false));
  if (found) return *found;
  // If there is one object, its own words say which names are near.
  const absl::Status unknown =
      objects_.size() == 1
          ? objects_.front().AllTypes().Find(name).status()
          : base::MakeError(base::Reason::kUnknownName,
                            absl::StrCat("looking up the type '", name, "': ",
                                         objects_.empty() ? "no object is loaded" : "no object has it"));
  base::ErrorDetail detail = base::DetailOf(unknown);
  detail.hint = absl::StrCat("a type of the kernel's is named ", kKernel, "/", name);
  return base::WithDetail(unknown, detail);
}

absl::StatusOr<kernel_bpf::TypeRef> ObjectStore::FindKernelType(const std::string& name) const {
  if (!kernel_types_) {
    BPFRIG_ASSIGN_OR_RETURN(kernel_types_, kernel_bpf::BtfTypes::FromKernel());
  }
  const auto known = found_kernel_types_.find(name);
  if (known != found_kernel_types_.end()) return known->second;
  const absl::StatusOr<kernel_bpf::TypeRef> type = kernel_types_->types().Find(name);
  if (type.ok()) {
    found_kernel_types_.emplace(name, *type);
    return type;
  }
  return base::WithObject(
      base::MakeError(base::Reason::kUnknownName,
                      absl::StrCat("the kernel has no type \"", name, "\"",
                                   common::DidYouMean(name, kernel_types_->types().Names()))),
      name);
}

kernel_bpf::TypeRef ObjectStore::Whole(const std::string& object, kernel_bpf::TypeRef type) const {
  const Object* home = FindObject(object);
  return home == nullptr ? type : home->AllTypes().Whole(type);
}

std::optional<std::string> ObjectStore::ProgramNameOfId(uint32_t id) const {
  for (const ProgramRecord& record : programs_) {
    if (record.id == id && id != 0) return record.FullName();
  }
  return std::nullopt;
}

std::optional<std::string> ObjectStore::MapNameOfId(uint32_t id) const {
  for (const MapReference& map : AllMaps()) {
    if (map.map->info().id == id) return map.FullName();
  }
  return std::nullopt;
}

std::vector<kernel_bpf::EarlierMap> ObjectStore::EarlierMaps() const {
  std::vector<kernel_bpf::EarlierMap> maps;
  for (const MapReference& map : AllMaps()) {
    const bool is_pinned = FindObject(map.object)->loaded->IsPinned(map.map->name());
    maps.push_back({map.map->name(), map.FullName(), map.map->fd(), is_pinned});
  }
  return maps;
}

absl::StatusOr<kernel_bpf::RecordReader*> ObjectStore::TakeReader(const MapReference& map) {
  const uint32_t id = map.map->info().id;
  auto found = readers_.find(id);
  if (found == readers_.end()) {
    auto opened = kernel_bpf::RingBuffer::Open(*map.map);
    if (!opened.ok()) return opened.status();
    found = readers_.insert({id, Reader{map.object, std::move(opened)}}).first;
  }
  Reader& reader = found->second;
  if (!reader.opened.ok()) return reader.opened.status();
  if (reader.taken) {
    return base::KernelError(-EBUSY, absl::StrCat("reading ", map.map->name(), ", which another call reads"));
  }
  reader.taken = true;
  return reader.opened->get();
}

void ObjectStore::GiveReaderBack(uint32_t map_id) {
  const auto found = readers_.find(map_id);
  if (found != readers_.end()) found->second.taken = false;
}

size_t ObjectStore::map_count() const {
  std::set<uint32_t> ids;
  for (const MapReference& map : AllMaps()) ids.insert(map.map->info().id);
  return ids.size();
}

}  // namespace bpfrig::worker
