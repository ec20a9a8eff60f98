// What a step says of programs that are loaded, and of links.
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "client/check/step_check.h"
#include "common/near_names.h"

namespace bpfrig::client::check {
namespace {

using bpfrig::v1::AttachTarget;
using bpfrig::v1::ProgramDescription;
using google::protobuf::DynamicCastToGenerated;
using NameKind = SandboxModel::NameKind;

void CheckPlace(const StepCheck& check, const std::string& path, const AttachTarget& target,
                const ProgramDescription& program) {
  const std::string subject = absl::StrCat("program \"", program.name(), "\" of type ", program.type());
  const auto means_nothing = [&](absl::string_view field) {
    check.Add(path + std::string(field), absl::StrCat(field, " means nothing for ", subject));
  };
  const auto place = program.place();
  if (place == bpfrig::v1::ATTACH_PLACE_UNSPECIFIED) {
    check.Add(path + "program", subject + " cannot be attached: a sandbox has no place for it");
  }
  if (place == bpfrig::v1::ATTACH_PLACE_SOCKET_MAP && target.map().empty()) {
    check.Add(path + "program", subject + " is attached to a map of sockets: map: NAME");
  }
  if (place == bpfrig::v1::ATTACH_PLACE_SOCKET && !target.has_socket()) {
    check.Add(path + "program", subject + " is attached to a socket: socket: NAME");
  }
  if (place != bpfrig::v1::ATTACH_PLACE_SOCKET_MAP && !target.map().empty()) means_nothing("map");
  if (place != bpfrig::v1::ATTACH_PLACE_SOCKET && target.has_socket()) means_nothing("socket");
  if (program.type() != "sched_cls" && target.egress()) means_nothing("egress");
}

void CheckDetach(StepCheck& check, const std::string& link) {
  if (!check.model.HasName(NameKind::kLink, link)) {
    const std::vector<std::string> links = check.model.Names(NameKind::kLink);
    check.Add(
        "link",
        absl::StrCat("there is no link \"", link, "\" here", common::DidYouMean(link, links),
                     links.empty() ? "" : absl::StrCat("; there are: ", common::NamesNear(link, links))));
  }
  if (!check.may_fail) check.model.RemoveName(NameKind::kLink, link);
}

}  // namespace

void CheckTarget(StepCheck& check, const std::string& path, const AttachTarget& target,
                 const std::string& own) {
  const SplitReference named = Split(target.program());
  if (!own.empty() && !named.object.empty() && named.object != own) {
    check.Add(path + "program", absl::StrCat("load attaches programs of the object that it loads, not of \"",
                                             named.object, "\""));
    return;
  }
  const FoundProgram program =
      check.model.FindProgram(own.empty() ? target.program() : absl::StrCat(own, "/", named.name));
  if (!program.problem.empty()) check.Add(path + "program", program.problem);
  const std::string link = target.link().empty() ? named.name : target.link();
  if (!check.model.AddName(NameKind::kLink, link, !check.may_fail)) {
    check.Add(path + (target.link().empty() ? "program" : "link"),
              absl::StrCat("there is a link \"", link, "\" already; link: NAME gives this one its own name"));
  }
  const bool is_typed = program.item != nullptr && !program.item->type().empty();
  if (is_typed) CheckPlace(check, path, target, *program.item);
  if (target.map().empty()) return;
  if (is_typed && program.item->place() != bpfrig::v1::ATTACH_PLACE_SOCKET_MAP) return;
  const FoundMap map = check.model.FindMap(target.map());
  if (!map.problem.empty()) check.Add(path + "map", map.problem);
  if (map.item != nullptr && map.item->type() != "sockmap" && map.item->type() != "sockhash") {
    check.Add(path + "map", absl::StrCat("map \"", target.map(), "\" is of type ", map.item->type(),
                                         ", not a sockmap or sockhash"));
  }
}

void CheckPrograms(StepCheck& check) {
  const auto* request = check.step.call.request.get();
  if (const auto* attach = DynamicCastToGenerated<const bpfrig::v1::AttachRequest>(request)) {
    CheckTarget(check, "target.", attach->target(), "");
  }
  if (const auto* detach = DynamicCastToGenerated<const bpfrig::v1::DetachRequest>(request)) {
    CheckDetach(check, detach->link());
  }
  if (const auto* run = DynamicCastToGenerated<const bpfrig::v1::RunProgramRequest>(request)) {
    const FoundProgram program = check.model.FindProgram(run->program());
    if (!program.problem.empty()) check.Add("program", program.problem);
  }
  for (const plan::RunsExpectation& runs : check.step.runs) {
    const FoundProgram program = check.model.FindProgram(runs.program.value);
    if (!program.problem.empty()) check.problems.Add(runs.program.mark, program.problem);
  }
}

}  // namespace bpfrig::client::check
