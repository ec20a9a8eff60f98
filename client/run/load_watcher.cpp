#include "client/run/load_watcher.h"

#include <chrono>
#include <string>
#include <utility>

namespace bpfrig::client::run {

std::optional<daemon::RpcError> ListInstructions(Sandbox& sandbox, const std::string& object,
                                                 std::vector<bpfrig::v1::ProgramInstructions>& programs) {
  constexpr std::chrono::seconds kTimeout(30);
  bpfrig::v1::ListInstructionsRequest request;
  request.set_sandbox(sandbox.id());
  request.set_object(object);
  daemon::RunningCall running(sandbox.client(), kTimeout);
  auto reader = sandbox.client().stub().ListInstructions(running.context(), request);
  bpfrig::v1::ListInstructionsResponse response;
  while (reader->Read(&response)) {
    bpfrig::v1::ProgramInstructions& page = *response.mutable_program();
    if (programs.empty() || programs.back().program() != page.program()) {
      programs.push_back(std::move(page));
      continue;
    }
    // The rest of a program that does not fit into one message.
    const std::string instructions = programs.back().instructions() + page.instructions();
    programs.back().MergeFrom(page);
    programs.back().set_instructions(instructions);
  }
  return daemon::ErrorOf(reader->Finish());
}

}  // namespace bpfrig::client::run
