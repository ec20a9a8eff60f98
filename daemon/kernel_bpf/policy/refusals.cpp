#include "daemon/kernel_bpf/policy/refusals.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/status.h"

namespace bpfrig::kernel_bpf {
namespace {

constexpr char kObjectField[] = "object";

std::string Program(absl::string_view name) { return absl::StrCat("program \"", name, "\""); }

}  // namespace

void Refusals::JudgeProgramType(absl::string_view program, uint32_t type, absl::string_view field) {
  Judge(LoadKind::kProgramType, ProgramTypeNameOf(type), program,
        absl::StrCat(Program(program), " has the program type "), field);
}

void Refusals::JudgeMapType(absl::string_view map, uint32_t type) {
  Judge(LoadKind::kMapType, MapTypeNameOf(type), map, absl::StrCat("map \"", map, "\" has the map type "),
        kObjectField);
}

void Refusals::JudgeCalls(absl::string_view program, absl::Span<const bpf_insn> instructions,
                          KernelFunctions& functions) {
  for (const Call& call : CallsIn(instructions)) {
    switch (call.kind) {
      case Call::Kind::kHelper:
        Judge(LoadKind::kHelper, HelperNameOf(static_cast<uint32_t>(call.id)), program,
              absl::StrCat(Program(program), " calls the helper "), kObjectField);
        break;
      case Call::Kind::kKfunc:
        JudgeKfunc(program, call, functions);
        break;
      case Call::Kind::kOther:
        Refuse({std::string(program),
                absl::StrCat(Program(program), " calls ", call.id,
                             " in a way that no list knows, which is not allowed"),
                kObjectField, ""});
        break;
    }
  }
}

void Refusals::JudgeKfunc(absl::string_view program, const Call& call, KernelFunctions& functions) {
  const std::string calls = absl::StrCat(Program(program), " calls the kfunc ");
  if (call.module != 0) {
    Refuse({std::string(program),
            absl::StrCat(calls, "with BTF id ", call.id,
                         " of a kernel module, which is not allowed: the "
                         "lists have none of modules"),
            kObjectField, ""});
    return;
  }
  const std::optional<std::string> name = functions.NameOf(call.id);
  if (name.has_value()) return Judge(LoadKind::kKfunc, *name, program, calls, kObjectField);
  const char* why = functions.btf() == nullptr ? "the kernel's BTF, which has its name, cannot be read"
                                               : "the kernel has no function of that id";
  Refuse({std::string(program), absl::StrCat(calls, "with BTF id ", call.id, ", which is not allowed: ", why),
          kObjectField, ""});
}

void Refusals::Judge(LoadKind kind, absl::string_view name, absl::string_view object, absl::string_view does,
                     absl::string_view field) {
  if (policy_.Allows(kind, name)) return;
  const ListEntry entry = FindInList(ListOf(kind), name);
  // A flag takes what a list or, of kfuncs, the kernel has.
  const bool has_flag = entry.listed || kind == LoadKind::kKfunc;
  Refuse({std::string(object), absl::StrCat(does, name, ", which is not allowed: ", entry.reason),
          std::string(field), has_flag ? FlagNameOf(kind, name) : ""});
}

void Refusals::Refuse(Refusal refusal) { refusals_.push_back(std::move(refusal)); }

absl::Status Refusals::status() const {
  if (refusals_.empty()) return absl::OkStatus();
  const Refusal& first = refusals_.front();
  absl::Status status = base::MakeError(base::Reason::kNotAllowed, first.sentence);
  status = base::WithField(base::WithObject(status, first.object), first.field);
  std::vector<std::string> flag_names;
  for (const Refusal& refusal : refusals_) {
    // Part of it allowed is no help.
    if (refusal.flag_name.empty()) return status;
    if (std::find(flag_names.begin(), flag_names.end(), refusal.flag_name) != flag_names.end()) continue;
    flag_names.push_back(refusal.flag_name);
  }
  return base::WithHint(status, absl::StrCat("whoever runs bpfrigd can allow this object: ", kAllowLoadFlag,
                                             " ", absl::StrJoin(flag_names, ",")));
}

}  // namespace bpfrig::kernel_bpf
