#include "daemon/describe/object_description.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/describe/map_needs.h"
#include "daemon/describe/still_to_say.h"
#include "daemon/describe/type_table.h"
#include "daemon/kernel_bpf/btf/debug_sections.h"
#include "daemon/kernel_bpf/btf/dwarf_to_btf.h"
#include "daemon/kernel_bpf/btf/elf_file.h"
#include "daemon/kernel_bpf/btf/type_layout.h"
#include "daemon/kernel_bpf/libbpf/newer_attach_types.h"
#include "daemon/kernel_bpf/map/map.h"
#include "daemon/kernel_bpf/object/legacy_maps.h"
#include "daemon/kernel_bpf/object/opened_object.h"
#include "daemon/kernel_bpf/object/section_kind.h"
#include "daemon/kernel_bpf/policy/refusals.h"
#include "daemon/kernel_bpf/program/link.h"
#include "daemon/kernel_bpf/program/program.h"

namespace bpfrig::describe {
namespace {

using kernel_bpf::DeclaredMap;
using kernel_bpf::ProgramKind;

v1::AttachPlace PlaceInSandbox(const kernel_bpf::Program& program) {
  const absl::StatusOr<kernel_bpf::AttachPlace> place = kernel_bpf::PlaceOf(program);
  if (!place.ok()) return v1::ATTACH_PLACE_UNSPECIFIED;
  switch (*place) {
    case kernel_bpf::AttachPlace::kCgroup:
      return v1::ATTACH_PLACE_CGROUP;
    case kernel_bpf::AttachPlace::kNetns:
      return v1::ATTACH_PLACE_NETNS;
    case kernel_bpf::AttachPlace::kSocketMap:
      return v1::ATTACH_PLACE_SOCKET_MAP;
    case kernel_bpf::AttachPlace::kInterface:
      return v1::ATTACH_PLACE_LOOPBACK;
    case kernel_bpf::AttachPlace::kSocket:
      return v1::ATTACH_PLACE_SOCKET;
  }
  return v1::ATTACH_PLACE_UNSPECIFIED;
}

// The kernel's name of the hook; empty for none.
std::string HookOf(const ProgramKind& kind) {
  // 0 is a cgroup's hook, and what programs have that expect none.
  if (kind.attach_type == 0 && kind.type != BPF_PROG_TYPE_CGROUP_SKB) return "";
  if (kind.attach_type == kernel_bpf::kTcxIngress) return "tcx_ingress";
  if (kind.attach_type == kernel_bpf::kTcxEgress) return "tcx_egress";
  const char* const name = libbpf_bpf_attach_type_str(kind.attach_type);
  return name == nullptr ? "" : name;
}

class Describer {
 public:
  Describer(const kernel_bpf::OpenedObject& object, const Assumptions& assumptions,
            v1::ObjectDescription& out)
      : object_(object),
        btf_(bpf_object__btf(object.get())),
        assumptions_(assumptions),
        types_(btf_, out),
        out_(out) {}

  void Run() {
    for (struct bpf_program* program : object_.AllPrograms()) {
      const std::optional<ProgramKind> kind = kernel_bpf::KindOfSection(AssumedType(program));
      if (kind) kernel_bpf::SetKind(program, *kind);
    }
    for (struct bpf_program* program : object_.AllPrograms()) AddProgram(program);
    for (const DeclaredMap& declared : object_.maps()) AddMap(declared);
    types_.AddNamed();
    types_.Finish();
  }

 private:
  // Empty if none is given.
  [[nodiscard]] std::string AssumedType(const struct bpf_program* program) const {
    const auto found = assumptions_.types.find(bpf_program__name(program));
    return found == assumptions_.types.end() ? "" : found->second;
  }

  void AddProgram(struct bpf_program* program) {
    v1::ProgramDescription& out = *out_.add_programs();
    const std::string name = bpf_program__name(program);
    const std::string section = bpf_program__section_name(program);
    out.set_name(name);
    out.set_section(section);
    out.set_loaded_by_default(bpf_program__autoload(program));
    out.set_instruction_count(static_cast<uint32_t>(bpf_program__insn_cnt(program)));
    const std::string assumed = AssumedType(program);
    if (!assumed.empty() && !kernel_bpf::KindOfSection(assumed)) {
      out.set_type_problem(kernel_bpf::UnknownSection(assumed));
      return;
    }
    const std::optional<ProgramKind> kind = object_.KindOf(program);
    if (!kind) {
      const std::optional<kernel_bpf::LoaderSection> loader = kernel_bpf::SectionOfLoader(section);
      out.set_type_problem(absl::StrCat(
          "section \"", section, "\" does not tell libbpf the type of program \"", name, "\"",
          loader ? absl::StrCat(" (", loader->meaning, ")") : "", ": programs: [{program: ", name,
          ", type: \"", loader ? loader->type : kernel_bpf::SectionNear(section), "\"}]"));
      return;
    }
    const kernel_bpf::Program described(name, section, -1, kind->type, kind->attach_type);
    out.set_type(described.type_name());
    out.set_place(PlaceInSandbox(described));
    out.set_attach_type(HookOf(*kind));
    Judge(program, name, kind->type, out);
  }

  void Judge(struct bpf_program* program, const std::string& name, uint32_t type,
             v1::ProgramDescription& out) {
    kernel_bpf::Refusals refusals(assumptions_.policy);
    refusals.JudgeProgramType(name, type, "");
    refusals.JudgeCalls(name, {bpf_program__insns(program), bpf_program__insn_cnt(program)}, functions_);
    out.set_not_allowed(std::string(refusals.status().message()));
  }

  void AddMap(const DeclaredMap& declared) {
    v1::MapDescription& out = *out_.add_maps();
    out.set_name(declared.name);
    out.set_pinned_by_name(declared.is_pinned);
    out.set_is_data_section(declared.is_data_section);
    SetShape(declared.map, out);
    SetTypes(declared.key_type, declared.value_type, out);
    kernel_bpf::Refusals refusals(assumptions_.policy);
    const struct bpf_map* inner = declared.map;
    v1::MapDescription* shown = &out;
    while (true) {
      refusals.JudgeMapType(declared.name, bpf_map__type(inner));
      inner = bpf_map__inner_map(const_cast<struct bpf_map*>(inner));
      if (inner == nullptr) break;
      shown = shown->mutable_inner_map();
      SetShape(inner, *shown);
      SetTypes(bpf_map__btf_key_type_id(inner), bpf_map__btf_value_type_id(inner), *shown);
    }
    out.set_not_allowed(std::string(refusals.status().message()));
    for (const std::string& missing : MissingOf(out)) out.add_missing(missing);
    if (declared.is_data_section) AddGlobals(declared);
  }

  static void SetShape(const struct bpf_map* map, v1::MapDescription& out) {
    out.set_type(kernel_bpf::MapTypeName(bpf_map__type(map)));
    out.set_key_size(bpf_map__key_size(map));
    out.set_value_size(bpf_map__value_size(map));
    out.set_max_entries(bpf_map__max_entries(map));
    out.set_flags(bpf_map__map_flags(map));
  }

  void SetTypes(uint32_t key, uint32_t value, v1::MapDescription& out) {
    if (btf_ == nullptr) return;
    if (key != 0) {
      out.set_key_type(types_.Add(key));
      out.set_key_type_name(kernel_bpf::TypeName({btf_, key}));
    }
    if (value != 0) {
      out.set_value_type(types_.Add(value));
      out.set_value_type_name(kernel_bpf::TypeName({btf_, value}));
    }
  }

  void AddGlobals(const DeclaredMap& declared) {
    for (const kernel_bpf::Member& variable :
         kernel_bpf::MembersOf(kernel_bpf::Strip({btf_, declared.value_type}))) {
      v1::GlobalDescription& out = *out_.add_globals();
      out.set_name(std::string(variable.name));
      out.set_section(declared.name);
      out.set_type(types_.Add(variable.type.id));
      out.set_type_name(kernel_bpf::TypeName(variable.type));
      out.set_size(kernel_bpf::SizeOf(variable.type).value_or(0));
      out.set_writable_after_load(!IsReadOnly(declared.name));
    }
  }

  const kernel_bpf::OpenedObject& object_;
  const struct btf* btf_;
  const Assumptions& assumptions_;
  kernel_bpf::KernelFunctions functions_;
  TypeTable types_;
  v1::ObjectDescription& out_;
};

// An object has a name only where it is loaded. The caller says which file it is.
constexpr char kName[] = "object";

// What compilers leave out of BTF. DWARF that cannot be read is as good as none: it is not among the types.
void AddDwarf(absl::string_view elf, v1::ObjectDescription& out) {
  const absl::StatusOr<std::string> sections = kernel_bpf::DebugSections(elf);
  if (!sections.ok() || sections->empty()) return;
  const absl::StatusOr<kernel_bpf::BtfTypes> types = kernel_bpf::DwarfToBtf(*sections);
  if (!types.ok()) return;
  TypeTable table(types->types().get(), out);
  table.AddNamed();
  table.Finish();
  out.set_dwarf_read(true);
}

absl::Status WithoutName(const absl::Status& status) {
  const absl::string_view message = absl::StripPrefix(status.message(), "reading object object: ");
  return base::WithDetail(absl::Status(status.code(), message), base::DetailOf(status));
}

std::string LicenseOf(absl::string_view elf) {
  const absl::StatusOr<absl::string_view> section = kernel_bpf::FindElfSection(elf, "license");
  return section.ok() ? std::string(section->substr(0, section->find('\0'))) : "";
}

}  // namespace

absl::StatusOr<v1::ObjectDescription> DescribeObject(absl::string_view elf, const Assumptions& assumptions) {
  BPFRIG_RETURN_IF_ERROR(kernel_bpf::OpenedObject::CheckBytes(elf));
  BPFRIG_ASSIGN_OR_RETURN(const std::optional<kernel_bpf::ModernObject> modern,
                          kernel_bpf::ModerniseMaps(elf));
  kernel_bpf::ObjectSpec spec;
  spec.name = kName;
  spec.elf = modern ? absl::string_view(modern->elf) : elf;
  const absl::StatusOr<kernel_bpf::OpenedObject> object = kernel_bpf::OpenedObject::Read(spec);
  if (!object.ok()) return WithoutName(object.status());
  v1::ObjectDescription description;
  description.set_has_btf(bpf_object__btf(object->get()) != nullptr);
  BPFRIG_ASSIGN_OR_RETURN(const absl::string_view dwarf, kernel_bpf::FindElfSection(elf, ".debug_info"));
  description.set_has_dwarf(!dwarf.empty());
  description.set_license(LicenseOf(elf));
  Describer(*object, assumptions, description).Run();
  AddDwarf(elf, description);
  for (std::string& sentence : StillToSay(description)) description.add_still_to_say(std::move(sentence));
  return description;
}

}  // namespace bpfrig::describe
