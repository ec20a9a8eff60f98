// Sees every load of a trial, and may change what is asked for. `bpfrig mutate` learns with one what each
// test loads, and lets tests load mutants with another.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bpfrig/v1/program.pb.h"
#include "client/daemon/rpc_error.h"
#include "client/run/sandbox.h"

namespace bpfrig::client::run {

class LoadWatcher {
 public:
  virtual ~LoadWatcher() = default;
  // `object` are the bytes as the plan read them: loads of the same file have the same pointer.
  virtual void Before(const std::shared_ptr<const std::string>& object,
                      bpfrig::v1::LoadProgramRequest& request) = 0;
  // The same load, once it is answered, with the request as it was sent. `error` is null if there was none.
  virtual void After(const std::shared_ptr<const std::string>& object,
                     const bpfrig::v1::LoadProgramRequest& request, const daemon::RpcError* error,
                     const bpfrig::v1::LoadProgramResponse& response, Sandbox& sandbox) = 0;
  // Once every step is done, before the sandbox is closed; only of a trial that passed until then.
  virtual void AtEnd(Sandbox& /*sandbox*/) {}
};

// The instructions of all programs that the object of that name in the sandbox has loaded.
[[nodiscard]] std::optional<daemon::RpcError> ListInstructions(
    Sandbox& sandbox, const std::string& object, std::vector<bpfrig::v1::ProgramInstructions>& programs);

}  // namespace bpfrig::client::run
