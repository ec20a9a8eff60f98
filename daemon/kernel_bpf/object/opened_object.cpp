#include "daemon/kernel_bpf/object/opened_object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/errno_name.h"
#include "common/near_names.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/btf/check_btf.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/object/map_name.h"
#include "daemon/kernel_bpf/object/section_kind.h"
#include "daemon/kernel_bpf/policy/refusals.h"

namespace bpfrig::kernel_bpf {
namespace {

// Libbpf names a global data section's map after the object and the section, cut to 15 characters; Open makes
// sure that the object's name has no dot in it.
std::string SectionOf(absl::string_view map_name) {
  size_t dot = map_name.find('.');
  return std::string(dot == absl::string_view::npos ? map_name : map_name.substr(dot));
}

std::string NameForLibbpf(absl::string_view name) {
  std::string result(name);
  std::replace_if(
      result.begin(), result.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return result;
}

absl::Status BadObject(const ObjectSpec& spec, const LibbpfOutput& output, int error_number) {
  std::string said = output.LastLine();
  absl::Status status = base::MakeError(
      base::Reason::kBadObject,
      absl::StrCat("reading object ", spec.name, ": ", said, " (", common::ErrnoName(error_number), ")"));
  if (absl::StrContains(output.text(), "BTF is required")) {
    status = base::WithHint(status, "its maps are declared by BTF: compile it with clang -target bpf -g");
  }
  if (absl::StrContains(said, "failed to find BTF for extern")) {
    status =
        base::WithHint(status, "compile it with clang -target bpf -g, and keep its BTF when stripping it");
  }
  if (absl::StrContains(said, "conflicting key size") || absl::StrContains(said, "conflicting value size")) {
    status = base::WithHint(status, "declare it by a type or by a size, or give both the same size");
  }
  return status;
}

// Cilium's loader takes the type of a map's value for that of its events, and the sizes are the kernel's.
void SetEventSizes(struct bpf_map* map) {
  const uint32_t type = bpf_map__type(map);
  if (!HoldsEvents(type)) return;
  const uint32_t size = type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ? sizeof(uint32_t) : 0;
  bpf_map__set_key_size(map, size);
  bpf_map__set_value_size(map, size);
}

std::optional<ProgramKind> OwnKind(const struct bpf_program* program) {
  if (bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC) {
    return KindOfSection(bpf_program__section_name(program));
  }
  return ProgramKind{bpf_program__type(program), bpf_program__expected_attach_type(program)};
}

absl::Status TypelessProgram(const struct bpf_program* program) {
  const std::string name = bpf_program__name(program);
  const std::string section = bpf_program__section_name(program);
  const std::optional<LoaderSection> loader = SectionOfLoader(section);
  const absl::Status status = base::MakeError(
      base::Reason::kInvalidField, absl::StrCat("program \"", name, "\" is in section \"", section,
                                                "\", which does not tell libbpf its type",
                                                loader ? absl::StrCat(": ", loader->meaning) : ""));
  return base::WithObject(
      base::WithHint(status, absl::StrCat("name its type: programs: [{program: ", name, ", type: \"",
                                          loader ? loader->type : SectionNear(section), "\"}]")),
      name);
}

}  // namespace

void SetKind(struct bpf_program* program, const ProgramKind& kind) {
  // Setting a type takes the section's handler away, and with it the hook of load_hooks.h.
  if (bpf_program__type(program) != kind.type) bpf_program__set_type(program, kind.type);
  bpf_program__set_expected_attach_type(program, kind.attach_type);
}

void CloseObject::operator()(struct bpf_object* object) const { bpf_object__close(object); }

absl::StatusOr<OpenedObject> OpenedObject::Read(const ObjectSpec& spec) {
  OpenedObject opened;
  BPFRIG_RETURN_IF_ERROR(base::WithField(opened.Parse(spec), "object"));
  BPFRIG_RETURN_IF_ERROR(base::WithField(opened.ListMaps(), "object"));
  return opened;
}

absl::StatusOr<OpenedObject> OpenedObject::Open(const ObjectSpec& spec) {
  BPFRIG_ASSIGN_OR_RETURN(OpenedObject opened, Read(spec));
  BPFRIG_RETURN_IF_ERROR(base::WithField(opened.RequireContents(), "object"));
  BPFRIG_RETURN_IF_ERROR(opened.ChoosePrograms(spec));
  BPFRIG_RETURN_IF_ERROR(opened.JudgeTypes(spec));
  BPFRIG_RETURN_IF_ERROR(base::WithField(opened.SetGlobals(spec.globals, spec.elf), "globals"));
  BPFRIG_RETURN_IF_ERROR(opened.ChangeMaps(spec.maps));
  return opened;
}

absl::Status OpenedObject::CheckBytes(absl::string_view elf) {
  BPFRIG_RETURN_IF_ERROR(CheckBpfElf(elf));
  // For a broken section table this gives a better message than libelf.
  BPFRIG_ASSIGN_OR_RETURN(absl::string_view btf, FindElfSection(elf, ".BTF"));
  return CheckBtfSection(btf);
}

absl::Status OpenedObject::Parse(const ObjectSpec& spec) {
  LibbpfOutput output;
  std::string name = NameForLibbpf(spec.name);
  auto options = LibbpfOptions<bpf_object_open_opts>();
  options.object_name = name.c_str();
  handle_.reset(bpf_object__open_mem(spec.elf.data(), spec.elf.size(), &options));
  if (handle_ == nullptr) return BadObject(spec, output, errno);
  return absl::OkStatus();
}

absl::Status OpenedObject::ListMaps() {
  const struct btf* btf = bpf_object__btf(get());
  struct bpf_map* map = nullptr;
  while ((map = bpf_object__next_map(get(), map)) != nullptr) {
    DeclaredMap declared;
    declared.map = map;
    declared.name = bpf_map__name(map);
    if (!IsMapName(declared.name)) {
      return base::MakeError(base::Reason::kBadObject, absl::StrCat("a map is called \"", declared.name,
                                                                    "\": only [A-Za-z0-9_.] are allowed"));
    }
    declared.is_pinned = bpf_map__pin_path(map) != nullptr;
    bpf_map__set_pin_path(map, nullptr);
    declared.key_type = bpf_map__btf_key_type_id(map);
    declared.value_type = bpf_map__btf_value_type_id(map);
    declared.is_internal = bpf_map__is_internal(map);
    SetEventSizes(map);
    if (declared.is_internal) {
      declared.name = SectionOf(declared.name);
      declared.key_type = 0;
      int section =
          btf == nullptr ? -ENOENT : btf__find_by_name_kind(btf, declared.name.c_str(), BTF_KIND_DATASEC);
      declared.value_type = section > 0 ? static_cast<uint32_t>(section) : 0;
      declared.is_data_section = section > 0 && declared.name != ".kconfig";
    }
    maps_.push_back(std::move(declared));
  }
  return absl::OkStatus();
}

absl::Status OpenedObject::RequireContents() const {
  if (!maps_.empty() || bpf_object__next_program(get(), nullptr) != nullptr) return absl::OkStatus();
  return base::WithHint(base::MakeError(base::Reason::kBadObject, "the object has no program and no map"),
                        "libbpf takes symbols of type STT_FUNC for programs: assembly needs `.type NAME, "
                        "@function`; an object of types alone is loaded with types_only");
}

std::vector<struct bpf_program*> OpenedObject::AllPrograms() const {
  std::vector<struct bpf_program*> programs;
  struct bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(get(), program)) != nullptr) programs.push_back(program);
  return programs;
}

std::vector<struct bpf_program*> OpenedObject::Programs() const {
  std::vector<struct bpf_program*> programs = AllPrograms();
  programs.erase(std::remove_if(programs.begin(), programs.end(),
                                [](struct bpf_program* program) { return !bpf_program__autoload(program); }),
                 programs.end());
  return programs;
}

std::vector<std::string> OpenedObject::LeftOut() const {
  std::vector<std::string> names;
  struct bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(get(), program)) != nullptr) {
    if (!bpf_program__autoload(program)) names.emplace_back(bpf_program__name(program));
  }
  return names;
}

// Without a choice libbpf's own stands: all but those in sections whose names begin with '?'.
absl::Status OpenedObject::ChoosePrograms(const ObjectSpec& spec) {
  std::vector<std::string> chosen;
  for (size_t i = 0; i < spec.programs.size(); ++i) {
    BPFRIG_RETURN_IF_ERROR(
        base::WithField(ChooseProgram(spec.programs[i], chosen), absl::StrCat("programs[", i, "]")));
  }
  struct bpf_program* program = nullptr;
  while (!chosen.empty() && (program = bpf_object__next_program(get(), program)) != nullptr) {
    bool picked = std::find(chosen.begin(), chosen.end(), bpf_program__name(program)) != chosen.end();
    bpf_program__set_autoload(program, picked);
  }
  BPFRIG_RETURN_IF_ERROR(LeaveOut(spec.programs_except));
  return base::WithField(RequireTypes(), "programs");
}

absl::Status OpenedObject::LeaveOut(const std::vector<std::string>& programs) {
  for (size_t i = 0; i < programs.size(); ++i) {
    const absl::StatusOr<struct bpf_program*> program = FindProgram(programs[i]);
    if (!program.ok()) return base::WithField(program.status(), absl::StrCat("programs_except[", i, "]"));
    bpf_program__set_autoload(*program, false);
  }
  return absl::OkStatus();
}

absl::StatusOr<struct bpf_program*> OpenedObject::FindProgram(const std::string& name) const {
  std::vector<std::string> names;
  struct bpf_program* program = nullptr;
  while ((program = bpf_object__next_program(get(), program)) != nullptr) {
    if (name == bpf_program__name(program)) return program;
    names.emplace_back(bpf_program__name(program));
  }
  return base::MakeError(base::Reason::kUnknownName,
                         absl::StrCat("the object has no program \"", name, "\"; it has ",
                                      common::NamesNear(name, std::move(names))));
}

absl::Status OpenedObject::ChooseProgram(const ProgramChoice& choice, std::vector<std::string>& chosen) {
  const absl::StatusOr<struct bpf_program*> program = FindProgram(choice.program);
  if (!program.ok()) return base::WithField(program.status(), "program");
  if (std::find(chosen.begin(), chosen.end(), choice.program) != chosen.end()) {
    return base::WithField(base::MakeError(base::Reason::kDuplicateName,
                                           absl::StrCat("program \"", choice.program, "\" is given twice")),
                           "program");
  }
  chosen.push_back(choice.program);
  if (choice.type.empty()) return absl::OkStatus();
  const std::optional<ProgramKind> kind = KindOfSection(choice.type);
  if (!kind) {
    const absl::Status status = base::MakeError(base::Reason::kUnknownName, UnknownSection(choice.type));
    return base::WithField(
        base::WithHint(status, "name a section as libbpf does: cgroup/connect4, sockops, sk_msg, tc, xdp"),
        "type");
  }
  SetKind(*program, *kind);
  return absl::OkStatus();
}

std::optional<ProgramKind> OpenedObject::KindOf(const struct bpf_program* program) const {
  if (std::optional<ProgramKind> own = OwnKind(program)) return own;
  if (!ArraySlotOfSection(bpf_program__section_name(program))) return std::nullopt;
  std::optional<ProgramKind> common;
  for (const struct bpf_program* other : AllPrograms()) {
    const std::optional<ProgramKind> kind = OwnKind(other);
    if (!kind) continue;
    if (common && (common->type != kind->type || common->attach_type != kind->attach_type))
      return std::nullopt;
    common = kind;
  }
  return common;
}

absl::Status OpenedObject::RequireTypes() {
  for (struct bpf_program* program : Programs()) {
    if (bpf_program__type(program) != BPF_PROG_TYPE_UNSPEC) continue;
    if (const std::optional<ProgramKind> kind = KindOf(program)) {
      SetKind(program, *kind);
      continue;
    }
    return TypelessProgram(program);
  }
  return absl::OkStatus();
}

// Before the first map or program is made. A template of an inner map is a map too.
absl::Status OpenedObject::JudgeTypes(const ObjectSpec& spec) const {
  Refusals refusals(spec.policy);
  for (struct bpf_program* program : Programs()) {
    std::string name = bpf_program__name(program);
    std::string field = "object";
    for (size_t i = 0; i < spec.programs.size(); ++i) {
      const ProgramChoice& choice = spec.programs[i];
      if (choice.program == name && !choice.type.empty()) field = absl::StrCat("programs[", i, "].type");
    }
    refusals.JudgeProgramType(name, bpf_program__type(program), field);
  }
  for (const DeclaredMap& declared : maps_) {
    struct bpf_map* map = declared.map;
    for (; map != nullptr; map = bpf_map__inner_map(map)) {
      refusals.JudgeMapType(declared.name, bpf_map__type(map));
    }
  }
  return refusals.status();
}

absl::StatusOr<const DeclaredMap*> OpenedObject::FindMap(absl::string_view name) const {
  std::vector<std::string> names;
  for (const DeclaredMap& declared : maps_) {
    if (declared.name == name) return &declared;
    names.push_back(declared.name);
  }
  return base::MakeError(base::Reason::kUnknownName,
                         absl::StrCat("the object has no map \"", name, "\"; it has ",
                                      common::NamesNear(name, std::move(names))));
}

}  // namespace bpfrig::kernel_bpf
