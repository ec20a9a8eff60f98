// LoadProgram: an ELF object into the kernel, and its programs to where they belong; all of it or nothing.
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/map/map_flags.h"
#include "daemon/kernel_bpf/object/bpf_object.h"
#include "daemon/kernel_bpf/program/link.h"
#include "daemon/worker/call/names.h"
#include "daemon/worker/handlers/handlers.h"

namespace bpfrig::worker {
namespace {

using base::MakeError;
using base::Reason;
using bpfrig::v1::LoadProgramRequest;
using bpfrig::v1::LoadProgramResponse;
using kernel_bpf::BpfObject;
using kernel_bpf::ObjectSpec;
using kernel_bpf::Rejected;

std::string At(absl::string_view list, int index) { return absl::StrCat(list, "[", index, "]"); }

// The descriptors in the spec are borrowed from the sandbox's objects.
absl::StatusOr<kernel_bpf::MapChoice> MakeMapChoice(const ObjectStore& objects,
                                                    const bpfrig::v1::MapSettings& settings) {
  kernel_bpf::MapChoice choice;
  choice.map = settings.map();
  choice.max_entries = settings.max_entries();
  choice.key_size = settings.key_size();
  choice.value_size = settings.value_size();
  for (int i = 0; i < settings.flags_size(); ++i) {
    const absl::StatusOr<uint32_t> flag = kernel_bpf::MapFlag(settings.flags(i));
    if (!flag.ok()) return base::WithField(flag.status(), At("flags", i));
    choice.flags = choice.flags.value_or(0) | *flag;
  }
  if (!settings.shared_with().empty()) {
    const absl::StatusOr<MapReference> shared = objects.FindMap(settings.shared_with());
    if (!shared.ok()) return base::WithField(shared.status(), "shared_with");
    choice.shared_fd = shared->map->fd();
    choice.shared_with = shared->FullName();
  }
  if (SplitName(settings.inner_map()).object.empty()) {
    choice.inner_map = settings.inner_map();
  } else {
    const absl::StatusOr<MapReference> inner = objects.FindMap(settings.inner_map());
    if (!inner.ok()) return base::WithField(inner.status(), "inner_map");
    choice.inner_fd = inner->map->fd();
  }
  return choice;
}

kernel_bpf::MapSharing ToSharing(bpfrig::v1::MapSharing share) {
  switch (share) {
    case bpfrig::v1::MAP_SHARING_BY_NAME:
      return kernel_bpf::MapSharing::kByName;
    case bpfrig::v1::MAP_SHARING_NONE:
      return kernel_bpf::MapSharing::kNone;
    default:
      return kernel_bpf::MapSharing::kPinned;
  }
}

// The spec borrows from the request, too.
absl::StatusOr<ObjectSpec> MakeSpec(Sandbox& sandbox, const LoadProgramRequest& request) {
  ObjectSpec spec;
  spec.name = request.name();
  spec.elf = request.object();
  spec.log_level = request.log_level();
  spec.max_log_bytes = request.max_log_bytes();
  spec.policy = sandbox.policy();
  absl::StatusOr<kernel_bpf::Fields> globals =
      sandbox.values().ResolveFields(request.globals(), Purpose::kWrite);
  if (!globals.ok()) return base::WithField(globals.status(), "globals");
  spec.globals = *std::move(globals);
  for (const bpfrig::v1::ProgramSelection& selection : request.programs()) {
    spec.programs.push_back({selection.program(), selection.type()});
  }
  spec.programs_except = {request.programs_except().begin(), request.programs_except().end()};
  spec.share = ToSharing(request.share());
  spec.earlier_maps = sandbox.objects().EarlierMaps();
  spec.inert_programs = {request.inert_programs().begin(), request.inert_programs().end()};
  for (const bpfrig::v1::InstructionReplacement& replacement : request.replacements()) {
    spec.replacements.push_back({replacement.program(), replacement.instruction(), replacement.code()});
  }
  spec.record_executed = request.record_executed();
  for (int i = 0; i < request.maps_size(); ++i) {
    absl::StatusOr<kernel_bpf::MapChoice> choice = MakeMapChoice(sandbox.objects(), request.maps(i));
    if (!choice.ok()) return base::WithField(choice.status(), At("maps", i));
    spec.maps.push_back(*std::move(choice));
  }
  return spec;
}

void Describe(const BpfObject& object, bpfrig::v1::LoadedObject& loaded) {
  for (const kernel_bpf::Program& program : object.programs()) {
    bpfrig::v1::LoadedProgram& out = *loaded.add_programs();
    out.set_name(program.name());
    out.set_type(program.type_name());
    out.set_section(program.section());
    const absl::StatusOr<kernel_bpf::ProgramInfo> info = program.Info();
    if (info.ok()) out.set_instruction_count(info->instruction_count);
  }
  for (const kernel_bpf::Map& map : object.maps()) {
    bpfrig::v1::LoadedMap& out = *loaded.add_maps();
    out.set_name(map.name());
    out.set_type(map.type_name());
    out.set_key_size(map.info().key_size);
    out.set_value_size(map.info().value_size);
    out.set_max_entries(map.info().max_entries);
    if (map.key_type().has_value()) out.set_key_type(kernel_bpf::PlainTypeName(*map.key_type()));
    if (map.value_type().has_value()) out.set_value_type(kernel_bpf::PlainTypeName(*map.value_type()));
  }
  loaded.set_log(object.log());
}

void Describe(const Rejected& rejected, bpfrig::v1::RejectedObject& out) {
  out.set_errno_name(rejected.errno_name);
  out.set_program(rejected.program);
  out.set_map(rejected.map);
  out.set_log(rejected.log);
  out.set_log_truncated(rejected.log_truncated);
  out.set_hint(rejected.hint);
}

// Attaches a program of the object that is being loaded.
absl::StatusOr<bpfrig::v1::Link> AttachOwn(Sandbox& sandbox, const std::string& object,
                                           const bpfrig::v1::AttachTarget& target) {
  const QualifiedName name = SplitName(target.program());
  if (!name.object.empty() && name.object != object) {
    return base::WithField(
        MakeError(Reason::kInvalidField, absl::StrCat("attaching ", target.program(),
                                                      ": LoadProgram attaches programs of the "
                                                      "object that it loads")),
        "program");
  }
  absl::StatusOr<ProgramRecord*> program =
      sandbox.objects().FindProgram(absl::StrCat(object, "/", name.name));
  if (!program.ok()) return base::WithField(program.status(), "program");
  return sandbox.links().Attach(**program, target, sandbox.objects(), sandbox.traffic());
}

// What attach_all means: every program that needs no more than its name to be attached.
absl::StatusOr<std::vector<bpfrig::v1::AttachTarget>> TargetsOfAll(const ObjectStore& objects,
                                                                   const std::string& object) {
  std::vector<bpfrig::v1::AttachTarget> targets;
  for (const ProgramRecord& record : objects.programs()) {
    if (record.object != object) continue;
    const absl::StatusOr<kernel_bpf::AttachPlace> place = kernel_bpf::PlaceOf(*record.program);
    if (!place.ok() || *place == kernel_bpf::AttachPlace::kSocket ||
        *place == kernel_bpf::AttachPlace::kSocketMap) {
      continue;
    }
    targets.emplace_back().set_program(record.program->name());
  }
  if (!targets.empty()) return targets;
  return base::WithHint(
      MakeError(Reason::kInvalidField, absl::StrCat("attaching all programs of ", object,
                                                    ": none was loaded that has one place to go")),
      "a program that goes to a map or a socket is attached by its name, with that map or socket");
}

// Attaches them in their order, or none.
absl::Status AttachEach(Sandbox& sandbox, const std::string& object,
                        const std::vector<bpfrig::v1::AttachTarget>& targets,
                        const std::function<std::string(size_t)>& field, bpfrig::v1::LoadedObject& loaded) {
  for (size_t i = 0; i < targets.size(); ++i) {
    absl::StatusOr<bpfrig::v1::Link> link = AttachOwn(sandbox, object, targets[i]);
    if (link.ok()) {
      *loaded.add_links() = *std::move(link);
      continue;
    }
    for (const bpfrig::v1::Link& made : loaded.links()) {
      const absl::Status detached = sandbox.links().Detach(made.name()).status();
      if (!detached.ok()) base::LogWarning(detached.message());
    }
    return base::WithField(link.status(), field(i));
  }
  return absl::OkStatus();
}

absl::Status AttachPrograms(Sandbox& sandbox, const LoadProgramRequest& request,
                            bpfrig::v1::LoadedObject& loaded) {
  if (!request.attach_all()) {
    return AttachEach(
        sandbox, request.name(), {request.attach().begin(), request.attach().end()},
        [](size_t i) { return absl::StrCat("attach[", i, "]"); }, loaded);
  }
  const auto targets = TargetsOfAll(sandbox.objects(), request.name());
  if (!targets.ok()) return base::WithField(targets.status(), "attach_all");
  const absl::Status attached = AttachEach(
      sandbox, request.name(), *targets, [](size_t) { return std::string(); }, loaded);
  if (attached.ok()) return attached;
  // Nobody wrote the target that failed; its own field says nothing.
  base::ErrorDetail detail = base::DetailOf(attached);
  detail.field = "attach_all";
  return base::WithDetail(attached, detail);
}

absl::Status LoadTypes(Sandbox& sandbox, const LoadProgramRequest& request) {
  if (request.globals_size() + request.programs_size() + request.programs_except_size() +
              request.maps_size() + request.attach_size() !=
          0 ||
      request.attach_all()) {
    return base::WithField(MakeError(Reason::kInvalidField,
                                     "loading types alone: globals, programs, maps and attach must be empty"),
                           "types_only");
  }
  absl::StatusOr<kernel_bpf::ObjectTypes> types = kernel_bpf::ObjectTypes::FromElf(request.object());
  if (!types.ok()) return base::WithField(types.status(), "object");
  sandbox.objects().AddTypes(request.name(), *std::move(types));
  return absl::OkStatus();
}

}  // namespace

absl::Status HandleLoadProgram(Sandbox& sandbox, const LoadProgramRequest& request,
                               LoadProgramResponse& response) {
  BPFRIG_RETURN_IF_ERROR(sandbox.objects().CheckNewName(request.name()));
  if (request.types_only()) {
    response.mutable_loaded();
    return LoadTypes(sandbox, request);
  }
  BPFRIG_ASSIGN_OR_RETURN(ObjectSpec spec, MakeSpec(sandbox, request));
  MapReservation memory;  // destroyed after the object
  spec.admit_maps = [&](const std::vector<kernel_bpf::MapCost>& maps) -> absl::Status {
    BPFRIG_ASSIGN_OR_RETURN(memory, sandbox.map_memory().Reserve(maps));
    return absl::OkStatus();
  };
  BPFRIG_ASSIGN_OR_RETURN(kernel_bpf::LoadOutcome outcome, BpfObject::Load(spec));
  if (const auto* rejected = std::get_if<Rejected>(&outcome)) {
    Describe(*rejected, *response.mutable_rejected());
    return absl::OkStatus();
  }
  BpfObject& object = std::get<BpfObject>(outcome);
  Describe(object, *response.mutable_loaded());
  sandbox.objects().Add(request.name(), std::move(object), std::move(memory));
  const absl::Status attached = AttachPrograms(sandbox, request, *response.mutable_loaded());
  if (!attached.ok()) sandbox.objects().Remove(request.name());
  return attached;
}

}  // namespace bpfrig::worker
