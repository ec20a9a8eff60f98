// ObjectStore: the BPF objects of a sandbox, and the names of what they hold. Handlers look programs, maps
// and types up here: as `object/name`, or by a bare name that one object alone has.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/kernel_bpf/btf/btf_types.h"
#include "daemon/kernel_bpf/map/record_reader.h"
#include "daemon/kernel_bpf/object/bpf_object.h"
#include "daemon/worker/objects/map_memory.h"

namespace bpfrig::worker {

// A loaded program, and what the ledger wants to know of it.
struct ProgramRecord {
  std::string object;
  const kernel_bpf::Program* program = nullptr;
  uint32_t id = 0;
  // Whether it was ever attached.
  bool attached = false;
  // Runs of RunProgram, which no count has.
  uint64_t test_runs = 0;
  // What Runs() was when the last call began.
  uint64_t runs_before_call = 0;

  // "object/program"
  [[nodiscard]] std::string FullName() const { return object + "/" + program->name(); }
  // How often it has run since it was loaded; 0 unless somebody holds BPF_ENABLE_STATS.
  [[nodiscard]] absl::StatusOr<uint64_t> Runs() const;
};

struct MapReference {
  std::string object;
  const kernel_bpf::Map* map = nullptr;

  // "object/map"
  [[nodiscard]] std::string FullName() const { return object + "/" + map->name(); }
};

class ObjectStore {
 public:
  // Whether an object may be called so: its characters, and that no other is.
  [[nodiscard]] absl::Status CheckNewName(const std::string& name) const;
  // `memory` is what its maps were counted for.
  void Add(const std::string& name, kernel_bpf::BpfObject object, MapReservation memory);
  // An object of types alone.
  void AddTypes(const std::string& name, kernel_bpf::ObjectTypes types);
  // Takes an object out again, unloading it. Nothing may be attached.
  void Remove(const std::string& name);
  void Clear();

  // Valid until the object is removed.
  [[nodiscard]] absl::StatusOr<ProgramRecord*> FindProgram(const std::string& name);
  [[nodiscard]] absl::StatusOr<const ProgramRecord*> FindProgram(const std::string& name) const;
  // An object that is more than types. Valid as long.
  [[nodiscard]] absl::StatusOr<const kernel_bpf::BpfObject*> FindLoaded(const std::string& name) const;
  [[nodiscard]] absl::StatusOr<MapReference> FindMap(const std::string& name) const;
  [[nodiscard]] std::vector<MapReference> AllMaps() const;
  // `type` of that object, or of the objects of types if it has none; `object/type`; or `vmlinux/type`, of
  // the kernel. Without an object, `type` if one object alone has it.
  [[nodiscard]] absl::StatusOr<kernel_bpf::TypeRef> FindType(const std::string& object,
                                                             const std::string& name) const;
  // The types of that object, those with names near to `name` first; "none" if it has none.
  [[nodiscard]] std::string TypesNear(const std::string& object, absl::string_view name) const;
  // The same of the kernel's alone. UNSUPPORTED if it has none.
  [[nodiscard]] absl::StatusOr<kernel_bpf::TypeRef> FindKernelType(const std::string& name) const;

  // The type of that object with all that its DWARF knows of it (ObjectTypes::Whole).
  [[nodiscard]] kernel_bpf::TypeRef Whole(const std::string& object, kernel_bpf::TypeRef type) const;

  // `object/name` of what has this id in the kernel; nothing if it is not of this sandbox.
  [[nodiscard]] std::optional<std::string> ProgramNameOfId(uint32_t id) const;
  [[nodiscard]] std::optional<std::string> MapNameOfId(uint32_t id) const;

  // The reader of a ring buffer or perf event array, until it is given back: reading consumes, and so a map
  // has one at a time (KERNEL_REFUSED, EBUSY). The error of opening it, TYPE_MISMATCH for other maps.
  [[nodiscard]] absl::StatusOr<kernel_bpf::RecordReader*> TakeReader(const MapReference& map);
  void GiveReaderBack(uint32_t map_id);

  // Notes how often each program has run.
  void MarkRuns();
  // The programs that have run since then, as `object/name`.
  [[nodiscard]] std::vector<std::string> RanSinceMark() const;
  // In the order of loading.
  [[nodiscard]] const std::list<ProgramRecord>& programs() const { return programs_; }
  [[nodiscard]] size_t object_count() const { return objects_.size(); }
  // What objects that are loaded from now on may share. Borrowed from the objects.
  [[nodiscard]] std::vector<kernel_bpf::EarlierMap> EarlierMaps() const;
  // A map that several objects share counts once.
  [[nodiscard]] size_t map_count() const;

 private:
  struct Object {
    std::string name;
    MapReservation memory;  // given back once the maps are gone
    // One of the two.
    std::optional<kernel_bpf::BpfObject> loaded;
    std::optional<kernel_bpf::ObjectTypes> types;
    [[nodiscard]] const kernel_bpf::ObjectTypes& AllTypes() const { return types ? *types : loaded->types(); }
  };

  // Of all objects, or of those of types alone; nothing if none has it.
  [[nodiscard]] absl::StatusOr<std::optional<kernel_bpf::TypeRef>> FindTypeAmong(const std::string& name,
                                                                                 bool types_only) const;
  [[nodiscard]] absl::StatusOr<kernel_bpf::TypeRef> FindTypeInAny(const std::string& name) const;

  // What reads a map's records, or why it could not be opened.
  struct Reader {
    std::string object;
    absl::StatusOr<std::unique_ptr<kernel_bpf::RecordReader>> opened;
    bool taken = false;
  };

  [[nodiscard]] const Object* FindObject(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> ObjectNames() const;
  // Of a program that is there in its object, but was not selected; OK if there is none of that name.
  [[nodiscard]] absl::Status CheckSelected(const std::string& name) const;

  // Lists: programs, maps and types are referred to by address.
  std::list<Object> objects_;
  std::list<ProgramRecord> programs_;
  // Read when somebody first asks for one of them; and those that were found, as there are very many.
  mutable std::optional<kernel_bpf::BtfTypes> kernel_types_;
  mutable std::map<std::string, kernel_bpf::TypeRef> found_kernel_types_;
  // By the map's id. Those of perf event arrays are there from the beginning: what a program writes before is
  // lost. Those of ring buffers come with the first read.
  std::map<uint32_t, Reader> readers_;
};

}  // namespace bpfrig::worker
