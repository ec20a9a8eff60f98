#include "daemon/kernel_bpf/object/object_loader.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/errno_name.h"
#include "daemon/base/status.h"
#include "daemon/kernel_bpf/libbpf/libbpf_output.h"
#include "daemon/kernel_bpf/object/fill_slots.h"
#include "daemon/kernel_bpf/object/inert_programs.h"
#include "daemon/kernel_bpf/object/map_costs.h"
#include "daemon/kernel_bpf/object/share_maps.h"
#include "daemon/kernel_bpf/policy/refusals.h"
#include "daemon/kernel_bpf/policy/rehearsal.h"
#include "daemon/kernel_bpf/program/verifier_hint.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr size_t kFirstLog = size_t{1} << 20;
constexpr size_t kMaxLog = size_t{64} << 20;
constexpr size_t kLogGrowth = 8;
// BPF_LOG_STATS: only the verdict, so that this log always fits.
constexpr uint32_t kVerdictOnly = 4;
// All programs' logs together, unless the caller says more.
constexpr size_t kMaxLogs = size_t{1} << 20;

std::string MapTypeOf(const OpenedObject& object, absl::string_view name) {
  for (const DeclaredMap& declared : object.maps()) {
    if (declared.name == name) return MapTypeName(bpf_map__type(declared.map));
  }
  return "";
}

// Whether the kernel has no maps of that map's type. Not known means no.
bool LacksTypeOf(const OpenedObject& object, absl::string_view name) {
  LibbpfOutput output;
  for (const DeclaredMap& declared : object.maps()) {
    if (declared.name == name) return libbpf_probe_bpf_map_type(bpf_map__type(declared.map), nullptr) == 0;
  }
  return false;
}

std::string UnsetSizesOf(const OpenedObject& object, absl::string_view name) {
  std::vector<absl::string_view> unset;
  for (const DeclaredMap& declared : object.maps()) {
    if (declared.name != name) continue;
    if (bpf_map__key_size(declared.map) == 0) unset.emplace_back("key_size");
    if (bpf_map__value_size(declared.map) == 0) unset.emplace_back("value_size");
    if (bpf_map__max_entries(declared.map) == 0) unset.emplace_back("max_entries");
  }
  return absl::StrJoin(unset, ", ");
}

// The object's own name of the map that libbpf reports by its name for the kernel.
std::string DeclaredName(const OpenedObject& object, const std::string& reported) {
  for (const DeclaredMap& declared : object.maps()) {
    if (bpf_map__name(declared.map) == reported) return declared.name;
  }
  return reported;
}

std::optional<TypeRef> TypeOrNone(const ObjectTypes& types, const struct btf* btf, uint32_t id) {
  if (btf == nullptr || id == 0) return std::nullopt;
  return types.Whole({btf, id});
}

}  // namespace

absl::string_view ObjectLoader::Attempt::RefusedLog() const {
  for (size_t i = 0; i < programs.size(); ++i) {
    if (programs[i] == refused_program) return logs.Text(i);
  }
  return "";
}

absl::StatusOr<LoadOutcome> ObjectLoader::Run() {
  BPFRIG_RETURN_IF_ERROR(base::WithField(Prepare(), "object"));
  BPFRIG_ASSIGN_OR_RETURN(const Attempt rehearsal, RehearseAndJudge());
  if (rehearsal.error != 0) return Reject(rehearsal, rehearsal.error, "", false);
  spec_.maps = WithSharedByName(spec_, rehearsal.object.maps());
  BPFRIG_RETURN_IF_ERROR(CheckEntries(rehearsal.object.maps(), spec_.maps));
  if (spec_.admit_maps) {
    BPFRIG_ASSIGN_OR_RETURN(const uint32_t cpus, PossibleCpus());
    std::vector<MapCost> costs = CostsOfMaps(rehearsal.object.maps(), spec_.maps, cpus);
    if (executed_ != nullptr) costs.push_back(executed_->Cost(cpus));
    BPFRIG_RETURN_IF_ERROR(spec_.admit_maps(costs));
  }
  BPFRIG_RETURN_IF_ERROR(AddHooks());
  BPFRIG_ASSIGN_OR_RETURN(Attempt first, Try(spec_.log_level, kFirstLog));
  if (first.error == 0) {
    std::string log = CollectLogs(first);
    return Finish(std::move(first), std::move(log));
  }
  if (first.error == -ENOSPC && !first.RefusedLog().empty()) return AfterFullLog(std::move(first));
  absl::string_view log = first.RefusedLog();
  return Reject(first, first.error, log, false);
}

absl::Status ObjectLoader::Prepare() {
  BPFRIG_RETURN_IF_ERROR(OpenedObject::CheckBytes(spec_.elf));
  BPFRIG_ASSIGN_OR_RETURN(std::optional<ModernObject> modern, ModerniseMaps(spec_.elf));
  if (modern) {
    modern_ = *std::move(modern);
    spec_.elf = modern_.elf;
  }
  code_ = ObjectCode::Read(spec_.elf);
  return absl::OkStatus();
}

absl::StatusOr<OpenedObject> ObjectLoader::OpenBare() const {
  ObjectSpec bare = spec_;
  bare.maps.clear();
  bare.globals.clear();
  return OpenedObject::Open(bare);
}

absl::Status ObjectLoader::AddHooks() {
  if (spec_.inert_programs.empty() && spec_.replacements.empty() && !spec_.record_executed) {
    return absl::OkStatus();
  }
  // A rehearsal takes the programs' types away.
  BPFRIG_ASSIGN_OR_RETURN(const OpenedObject object, OpenBare());
  BPFRIG_ASSIGN_OR_RETURN(hooks_, LoadHooks::Create());
  BPFRIG_RETURN_IF_ERROR(MakeInert(object.get(), spec_.inert_programs, *hooks_));
  if (executed_ != nullptr) BPFRIG_RETURN_IF_ERROR(executed_->AddTo(*hooks_, object.get()));
  return replacements_.AddTo(*hooks_, object.get());
}

absl::StatusOr<ObjectLoader::Attempt> ObjectLoader::RehearseAndJudge() {
  // A rehearsal makes no map, and must not reach those of the sandbox.
  BPFRIG_ASSIGN_OR_RETURN(OpenedObject object, OpenBare());
  BPFRIG_ASSIGN_OR_RETURN(LogMemory no_logs, LogMemory::Allocate(0, kFirstLog));
  Rehearsed rehearsed = Rehearse(object.get());
  if (rehearsed.error == 0) {
    BPFRIG_ASSIGN_OR_RETURN(replacements_, Replacements::Check(spec_, object, code_));
    BPFRIG_RETURN_IF_ERROR(JudgeCalls(object));
    if (spec_.record_executed) {
      BPFRIG_ASSIGN_OR_RETURN(executed_, ExecutionRecord::Plan(object, spec_.inert_programs));
    }
  }
  return Attempt{
      std::move(object), std::move(no_logs), {}, rehearsed.error, std::move(rehearsed.libbpf_output), "", ""};
}

absl::Status ObjectLoader::JudgeCalls(const OpenedObject& object) {
  Refusals refusals(spec_.policy);
  for (struct bpf_program* program : object.Programs()) {
    const std::string name = bpf_program__name(program);
    const std::vector<struct bpf_insn> instructions =
        replacements_.Apply(name, {bpf_program__insns(program), bpf_program__insn_cnt(program)});
    refusals.JudgeCalls(name, instructions, functions_);
  }
  return BlameReplacement(refusals.status());
}

absl::Status ObjectLoader::BlameReplacement(const absl::Status& refused) {
  if (refused.ok()) return refused;
  for (size_t i = 0; i < spec_.replacements.size(); ++i) {
    const struct bpf_insn instruction = InstructionOf(spec_.replacements[i]);
    Refusals alone(spec_.policy);
    alone.JudgeCalls(spec_.replacements[i].program, {&instruction, 1}, functions_);
    if (alone.status().message() != refused.message()) continue;
    base::ErrorDetail detail = base::DetailOf(refused);
    detail.field = absl::StrCat("replacements[", i, "].code");
    return base::WithDetail(refused, detail);
  }
  return refused;
}

// A log that does not fit turns every verdict, good or bad, into ENOSPC. Ask for the verdict alone, then for
// more log until its end is there, and as much before it as the caller wants.
absl::StatusOr<LoadOutcome> ObjectLoader::AfterFullLog(Attempt first) {
  BPFRIG_ASSIGN_OR_RETURN(Attempt verdict, Try(kVerdictOnly, kFirstLog));
  Attempt longest = std::move(first);
  for (size_t size = kFirstLog * kLogGrowth; size <= kMaxLog; size *= kLogGrowth) {
    const absl::string_view log = longest.RefusedLog();
    if (verdict.error != 0 && HasLogEnd(log) && log.size() >= kept_log_) break;
    BPFRIG_ASSIGN_OR_RETURN(longest, Try(spec_.log_level, size));
    if (longest.error != -ENOSPC) break;
  }
  if (verdict.error == 0) {
    std::string log = CollectLogs(longest);
    return Finish(longest.error == 0 ? std::move(longest) : std::move(verdict), std::move(log));
  }
  return Reject(longest, verdict.error, longest.RefusedLog(), longest.error == -ENOSPC);
}

absl::StatusOr<ObjectLoader::Attempt> ObjectLoader::Try(uint32_t log_level, size_t log_size) const {
  BPFRIG_ASSIGN_OR_RETURN(OpenedObject object, OpenedObject::Open(spec_));
  std::vector<struct bpf_program*> programs = object.Programs();
  BPFRIG_ASSIGN_OR_RETURN(LogMemory logs, LogMemory::Allocate(programs.size(), log_size));
  Attempt attempt{std::move(object), std::move(logs), {}, 0, "", "", ""};
  for (size_t i = 0; i < programs.size(); ++i) {
    attempt.programs.emplace_back(bpf_program__name(programs[i]));
    // With level 0 libbpf tries without a log, and again with one if that fails.
    bpf_program__set_log_level(programs[i], log_level);
    bpf_program__set_log_buf(programs[i], attempt.logs.Buffer(i), log_size);
  }
  LibbpfOutput output;
  attempt.error = bpf_object__load(attempt.object.get());
  if (attempt.error == 0) return attempt;
  attempt.libbpf_output = output.text();
  std::string map = output.NameBefore("map", "failed to create");
  if (!map.empty()) attempt.refused_map = DeclaredName(attempt.object, map);
  if (map.empty()) attempt.refused_program = output.NameBefore("prog", "load failed");
  if (map.empty() && attempt.refused_program.empty()) attempt.refused_program = output.NameBefore("prog", "");
  return attempt;
}

LoadOutcome ObjectLoader::Reject(const Attempt& attempt, int error, absl::string_view log, bool cut) const {
  Rejected rejected;
  rejected.errno_name = common::ErrnoName(-error);
  rejected.program = attempt.refused_program;
  rejected.map = attempt.refused_map;
  rejected.log_truncated = cut;
  rejected.log =
      LogEnd(log.empty() ? absl::string_view(attempt.libbpf_output) : log, kept_log_, rejected.log_truncated);
  Refusal refusal;
  refusal.error_number = -error;
  refusal.is_map = !rejected.map.empty();
  std::string map_type = MapTypeOf(attempt.object, rejected.map);
  refusal.map_type = map_type;
  refusal.lacks_map_type = error == -EINVAL && LacksTypeOf(attempt.object, rejected.map);
  refusal.map_unset = UnsetSizesOf(attempt.object, rejected.map);
  if (!log.empty()) refusal.verifier_log = rejected.log;
  refusal.libbpf_output = attempt.libbpf_output;
  rejected.hint = HintFor(refusal, CurrentSituation());
  return LoadOutcome(std::move(rejected));
}

absl::StatusOr<LoadOutcome> ObjectLoader::Finish(Attempt attempt, std::string log) {
  // The rehearsal saw the same instructions; should libbpf ever make others of them, they go no further.
  BPFRIG_RETURN_IF_ERROR(JudgeCalls(attempt.object));
  if (hooks_ != nullptr) BPFRIG_RETURN_IF_ERROR(hooks_->CheckChanged());
  BPFRIG_RETURN_IF_ERROR(base::WithField(FillSlots(attempt.object, modern_.maps, spec_.maps), "object"));
  BpfObject object;
  object.name_ = spec_.name;
  object.log_ = std::move(log);
  const struct btf* btf = bpf_object__btf(attempt.object.get());
  object.types_ = std::make_unique<ObjectTypes>(btf, spec_.elf);
  for (const DeclaredMap& declared : attempt.object.maps()) {
    int fd = bpf_map__fd(declared.map);
    if (fd < 0) continue;
    BPFRIG_ASSIGN_OR_RETURN(Map map,
                            Map::Borrow(declared.name, fd, TypeOrNone(*object.types_, btf, declared.key_type),
                                        TypeOrNone(*object.types_, btf, declared.value_type)));
    object.maps_.push_back(std::move(map));
    if (declared.is_pinned) object.pinned_maps_.insert(declared.name);
  }
  object.left_out_ = attempt.object.LeftOut();
  object.inert_programs_ = {spec_.inert_programs.begin(), spec_.inert_programs.end()};
  object.executed_ = std::move(executed_);
  object.code_ = std::move(code_);
  for (struct bpf_program* program : attempt.object.Programs()) {
    object.programs_.emplace_back(bpf_program__name(program), bpf_program__section_name(program),
                                  bpf_program__fd(program), bpf_program__type(program),
                                  bpf_program__expected_attach_type(program));
  }
  object.object_ = attempt.object.Release();
  return LoadOutcome(std::move(object));
}

std::string ObjectLoader::CollectLogs(const Attempt& attempt) const {
  const size_t most = spec_.max_log_bytes != 0 ? spec_.max_log_bytes : kMaxLogs;
  std::string all;
  for (size_t i = 0; i < attempt.programs.size() && all.size() < most; ++i) {
    absl::string_view text = attempt.logs.Text(i);
    if (text.empty()) continue;
    bool cut = false;
    std::string end = LogEnd(text, std::min(kept_log_, most - all.size()), cut);
    absl::StrAppend(&all, attempt.programs[i], cut ? ": (earlier lines left out)\n" : ":\n", end);
  }
  return all;
}

}  // namespace bpfrig::kernel_bpf
