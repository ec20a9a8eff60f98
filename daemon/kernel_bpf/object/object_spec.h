// ObjectSpec: everything that a caller may say about loading one ELF object. The worker fills it from
// LoadProgramRequest and gives it to BpfObject::Load.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "daemon/kernel_bpf/btf/value.h"
#include "daemon/kernel_bpf/map/map_memory.h"
#include "daemon/kernel_bpf/policy/load_policy.h"

namespace bpfrig::kernel_bpf {

struct ProgramChoice {
  // The function's name.
  std::string program;
  // A section name that libbpf knows ("cgroup/connect4"), to take type and attach type from; empty if the
  // object's own section says it.
  std::string type;
};

struct MapChoice {
  // The map's name in this object.
  std::string map;
  // 0 keeps the object's own.
  uint32_t max_entries = 0;
  // The same.
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  // Nothing keeps the object's own.
  std::optional<uint32_t> flags;
  // A map to use in its place; -1 to create one. Borrowed until Load returns.
  int shared_fd = -1;
  // What that map is called, as `object/map`.
  std::string shared_with;
  // Whether nobody chose it, and the two have their name in common.
  bool is_shared_by_name = false;
  // What a map of maps holds, by example: a map's descriptor, borrowed until Load returns; or -1, and the
  // name of a map of this object; or neither, if the object says it itself.
  int inner_fd = -1;
  std::string inner_map;
};

// Which maps are those that an earlier object made under the same name.
enum class MapSharing {
  // Those that both declare with LIBBPF_PIN_BY_NAME.
  kPinned,
  // All but global data.
  kByName,
  kNone,
};

// A map of an object that was loaded before.
struct EarlierMap {
  std::string name;
  // "object/map"
  std::string full_name;
  // Borrowed until Load returns.
  int fd = -1;
  bool is_pinned = false;
};

// An instruction to load in the place of the object's own.
struct InstructionReplacement {
  std::string program;
  // In the program with the functions that it calls.
  uint32_t instruction = 0;
  // Eight bytes: a struct bpf_insn.
  std::string code;
};

struct ObjectSpec {
  // What the object is called, for errors and as libbpf's name for it.
  std::string name;
  // The ELF file. Borrowed until Load returns.
  absl::string_view elf;
  // Variables to set before loading, by name.
  Fields globals;
  // Empty: all that the object has, as libbpf does.
  std::vector<ProgramChoice> programs;
  // Those not to load.
  std::vector<std::string> programs_except;
  std::vector<MapChoice> maps;
  MapSharing share = MapSharing::kPinned;
  // In the order in which they were made.
  std::vector<EarlierMap> earlier_maps;
  // Programs in whose place one is loaded that does nothing.
  std::vector<std::string> inert_programs;
  // Not of programs in the place of which one is loaded that does nothing.
  std::vector<InstructionReplacement> replacements;
  // Whether the object notes which instructions run (execution_record.h).
  bool record_executed = false;
  // 0: a log only if the load fails. 1 or 2: at that level in any case.
  uint32_t log_level = 0;
  // How much of the log to keep, from its end; 0: kKeptLog for each program.
  size_t max_log_bytes = 0;
  // What may load.
  LoadPolicy policy;
  // Asked before the first map is made, with all that would be; its error ends the loading. Empty if all may.
  std::function<absl::Status(const std::vector<MapCost>& costs)> admit_maps;
};

}  // namespace bpfrig::kernel_bpf
