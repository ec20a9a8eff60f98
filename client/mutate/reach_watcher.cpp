#include "client/mutate/reach_watcher.h"

#include <algorithm>
#include <functional>

#include "client/mutate/instruction.h"

namespace bpfrig::client::mutate {
namespace {

// All but those of which it is known that they did not.
std::vector<bool> MayHaveRun(const bpfrig::v1::ProgramInstructions& listed) {
  std::vector<bool> may_have_run(Decode(listed.instructions()).size(), true);
  for (const bpfrig::v1::BasicBlock& block : listed.blocks()) {
    for (uint32_t i = 0; i < block.count() && !block.executed(); ++i) {
      const uint32_t instruction = block.instruction() + i;
      if (instruction < may_have_run.size()) may_have_run[instruction] = false;
    }
  }
  return may_have_run;
}

}  // namespace

void ReachWatcher::Before(const std::shared_ptr<const std::string>&,
                          bpfrig::v1::LoadProgramRequest& request) {
  if (!request.types_only()) request.set_record_executed(true);
}

void ReachWatcher::After(const std::shared_ptr<const std::string>& object,
                         const bpfrig::v1::LoadProgramRequest& request, const daemon::RpcError*,
                         const bpfrig::v1::LoadProgramResponse& response, run::Sandbox&) {
  if (response.loaded().programs_size() > 0) loaded_.push_back({object, request.name()});
}

void ReachWatcher::AtEnd(run::Sandbox& sandbox) {
  for (const Loaded& loaded : loaded_) {
    std::vector<bpfrig::v1::ProgramInstructions> programs;
    if (run::ListInstructions(sandbox, loaded.name, programs)) {
      // What ran of one load is not known, so nothing is of what all loads have in common.
      may_have_run_.clear();
      return;
    }
    for (const bpfrig::v1::ProgramInstructions& program : programs) {
      std::vector<bool> now = MayHaveRun(program);
      std::vector<bool>& before = may_have_run_[{loaded.object.get(), program.program()}];
      before.resize(now.size(), false);
      std::transform(now.begin(), now.end(), before.begin(), before.begin(), std::logical_or<>());
    }
  }
}

const std::vector<bool>* ReachWatcher::Find(const std::shared_ptr<const std::string>& object,
                                            const std::string& program) const {
  const auto found = may_have_run_.find({object.get(), program});
  return found == may_have_run_.end() ? nullptr : &found->second;
}

}  // namespace bpfrig::client::mutate
