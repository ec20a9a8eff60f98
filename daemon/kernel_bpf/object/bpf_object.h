// BpfObject: one ELF object in the kernel, with its programs, maps and types, all of which go with it.
// LoadProgram makes one; the worker keeps it for as long as its sandbox lives, since Program, Map and TypeRef
// borrow from it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/object_types.h"
#include "daemon/kernel_bpf/libbpf/libbpf_handle.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/object/execution_record.h"
#include "daemon/kernel_bpf/object/instruction_list.h"
#include "daemon/kernel_bpf/object/object_code.h"
#include "daemon/kernel_bpf/object/object_spec.h"
#include "daemon/kernel_bpf/program/program.h"

namespace bpfrig::kernel_bpf {

// The kernel's refusal of a program or a map: an answer, not an error. Nothing of the object is left.
struct Rejected {
  // "EACCES": from the first failure, not from a retry for the log.
  std::string errno_name;
  // The one that was refused; the other is empty.
  std::string program;
  std::string map;
  // The verifier's log, or what libbpf said if there is none: as much of its end as the spec wants.
  std::string log;
  // Whether earlier parts of the log are missing.
  bool log_truncated = false;
  // The likely cause and its remedy, if known.
  std::string hint;
};

class BpfObject;
using LoadOutcome = std::variant<BpfObject, Rejected>;

class BpfObject {
 public:
  // Opens, judges, changes what the spec says, and loads. Errors: NOT_ALLOWED (by the spec's policy),
  // BAD_OBJECT (not ELF, not for BPF, libbpf cannot read it), UNKNOWN_NAME, INVALID_FIELD (a program's type
  // is not known), TYPE_MISMATCH (a shared map differs, or sizes do), those of admit_maps, and what encoding
  // a global gives; their fields are those of the spec: `globals.limit`, `programs[0].type`,
  // `maps[1].shared_with`, `replacements[2].code`, `object`. Libbpf may crash on hostile bytes: call this in
  // a worker only.
  [[nodiscard]] static absl::StatusOr<LoadOutcome> Load(const ObjectSpec& spec);

  BpfObject(BpfObject&&) noexcept = default;
  BpfObject& operator=(BpfObject&&) noexcept = default;

  [[nodiscard]] const std::string& name() const { return name_; }
  // Those that were loaded, in the object's order.
  [[nodiscard]] const std::vector<Program>& programs() const { return programs_; }
  // The names of those that nobody selected.
  [[nodiscard]] const std::vector<std::string>& left_out() const { return left_out_; }
  // All, in the object's order. Global data sections are called `.data`, `.bss`, `.rodata`.
  [[nodiscard]] const std::vector<Map>& maps() const { return maps_; }
  // Null if there is none of that name.
  [[nodiscard]] const Program* FindProgram(absl::string_view name) const;
  [[nodiscard]] const Map* FindMap(absl::string_view name) const;
  // Whether the object declares that map with LIBBPF_PIN_BY_NAME.
  [[nodiscard]] bool IsPinned(const std::string& map) const { return pinned_maps_.count(map) != 0; }
  // What a program that was loaded is made of. Of one that does nothing, in the place of the object's, there
  // is no more to tell than its instructions. Borrows from the object. Errors as those of PartsOf and
  // ListParts.
  [[nodiscard]] absl::StatusOr<InstructionList> ListInstructions(const std::string& program) const;
  [[nodiscard]] const ObjectTypes& types() const { return *types_; }
  // The verifier's log if log_level asked for one: each program's name and the end of its log.
  [[nodiscard]] const std::string& log() const { return log_; }

 private:
  friend class ObjectLoader;
  BpfObject() = default;

  std::string name_;
  ObjectHandle object_;
  std::unique_ptr<ObjectTypes> types_;  // borrows from object_
  std::vector<Program> programs_;
  std::vector<std::string> left_out_;
  std::set<std::string> inert_programs_;
  std::unique_ptr<ExecutionRecord> executed_;  // null unless the spec asks for it
  absl::StatusOr<ObjectCode> code_;
  std::vector<Map> maps_;
  std::set<std::string> pinned_maps_;
  std::string log_;
};

}  // namespace bpfrig::kernel_bpf
