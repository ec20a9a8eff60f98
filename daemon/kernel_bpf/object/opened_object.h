// OpenedObject: an ELF object that libbpf has read, changed as an ObjectSpec says, and not yet in the kernel.
// The loader opens one for each attempt to load, because libbpf loads an object only once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fd.h"
#include "daemon/kernel_bpf/btf/object_types.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/object/section_kind.h"

struct bpf_map;
struct bpf_program;

namespace bpfrig::kernel_bpf {

// A map as the object declares it. Kept here, because libbpf forgets the type ids of some map types on
// loading, and a shared map's name.
struct DeclaredMap {
  // `.data`, `.bss`, `.rodata` for global data sections.
  std::string name;
  struct bpf_map* map = nullptr;  // the object's
  uint32_t key_type = 0;
  uint32_t value_type = 0;
  // Global data that the program can name variables of.
  bool is_data_section = false;
  // Global data of any kind, .kconfig too.
  bool is_internal = false;
  // Declared with LIBBPF_PIN_BY_NAME.
  bool is_pinned = false;
};

void SetKind(struct bpf_program* program, const ProgramKind& kind);

class OpenedObject {
 public:
  // BAD_OBJECT for bytes that libbpf would crash on, or say too little of. Once for an object, however often
  // it is opened.
  [[nodiscard]] static absl::Status CheckBytes(absl::string_view elf);
  // Of bytes that CheckBytes has passed: as the object is, also one with nothing to load. For describing it.
  [[nodiscard]] static absl::StatusOr<OpenedObject> Read(const ObjectSpec& spec);
  // The same, changed as the spec says. Errors as BpfObject::Load documents them. Nothing has reached the
  // kernel except templates of inner maps.
  [[nodiscard]] static absl::StatusOr<OpenedObject> Open(const ObjectSpec& spec);

  [[nodiscard]] struct bpf_object* get() const { return handle_.get(); }
  [[nodiscard]] const std::vector<DeclaredMap>& maps() const { return maps_; }
  // All programs, and those that will be loaded.
  [[nodiscard]] std::vector<struct bpf_program*> AllPrograms() const;
  [[nodiscard]] std::vector<struct bpf_program*> Programs() const;
  // What the program is, as chosen or by its section; nothing if neither tells it. iproute2 loads all
  // programs by one type: those of its sections ID/SLOT have the type that all the others have.
  [[nodiscard]] std::optional<ProgramKind> KindOf(const struct bpf_program* program) const;
  // The names of those that will not: nobody selected them.
  [[nodiscard]] std::vector<std::string> LeftOut() const;
  // Gives the object away. The rest stays for as long as libbpf may need it.
  [[nodiscard]] ObjectHandle Release() { return std::move(handle_); }

 private:
  OpenedObject() = default;
  [[nodiscard]] absl::Status Parse(const ObjectSpec& spec);
  [[nodiscard]] absl::Status ListMaps();
  // BAD_OBJECT for one with nothing to load.
  [[nodiscard]] absl::Status RequireContents() const;
  [[nodiscard]] absl::Status ChoosePrograms(const ObjectSpec& spec);
  [[nodiscard]] absl::Status LeaveOut(const std::vector<std::string>& programs);
  [[nodiscard]] absl::StatusOr<struct bpf_program*> FindProgram(const std::string& name) const;
  [[nodiscard]] absl::Status ChooseProgram(const ProgramChoice& choice, std::vector<std::string>& chosen);
  [[nodiscard]] absl::Status RequireTypes();
  [[nodiscard]] absl::Status JudgeTypes(const ObjectSpec& spec) const;
  [[nodiscard]] absl::Status SetGlobals(const Fields& globals, absl::string_view elf);
  [[nodiscard]] absl::Status SetGlobal(const Field& global, const ObjectTypes& types);
  [[nodiscard]] absl::Status ChangeMaps(const std::vector<MapChoice>& choices);
  [[nodiscard]] absl::Status ChangeMap(const MapChoice& choice);
  [[nodiscard]] static absl::Status CheckNotShared(const MapChoice& choice);
  [[nodiscard]] absl::Status SetSize(const DeclaredMap& declared, absl::string_view half, uint32_t size);
  [[nodiscard]] absl::Status ShareMap(const MapChoice& choice);
  [[nodiscard]] absl::Status SetInnerMap(const DeclaredMap& declared, const MapChoice& choice);
  [[nodiscard]] absl::StatusOr<const DeclaredMap*> FindMap(absl::string_view name) const;

  ObjectHandle handle_;
  std::vector<DeclaredMap> maps_;
  std::vector<common::Fd> inner_maps_;  // templates, needed until the object is loaded
};

}  // namespace bpfrig::kernel_bpf
