// RunAnswers: the answers of a step that test-runs a program many times, one after the other. The daemon is
// asked for many runs at once, since a call of its own costs more than a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "bpfrig/v1/program.pb.h"
#include "client/daemon/rpc_error.h"

namespace bpfrig::client::run {

class RunAnswers {
 public:
  // Calls RunProgram.
  using Ask = std::function<std::optional<daemon::RpcError>(bpfrig::v1::RunProgramRequest&,
                                                            bpfrig::v1::RunProgramResponse&)>;

  // The program of `request` runs `times` times in all. `time_left` says for how long runs may still begin.
  RunAnswers(bpfrig::v1::RunProgramRequest request, uint32_t times, Ask ask,
             std::function<std::chrono::milliseconds()> time_left);

  // The next one, as a RunProgram of its own would have it. Not more often than there are times.
  [[nodiscard]] std::optional<daemon::RpcError> Next(bpfrig::v1::RunProgramResponse& answer);

 private:
  [[nodiscard]] std::optional<daemon::RpcError> AskForMore();

  bpfrig::v1::RunProgramRequest request_;
  const Ask ask_;
  const std::function<std::chrono::milliseconds()> time_left_;
  // How many the daemon was not asked for yet, or has not done.
  uint32_t left_;
  bpfrig::v1::FurtherRuns runs_;
  // Of runs_: the next one.
  int next_ = 0;
  // The first of a call, if it is next.
  std::optional<bpfrig::v1::RunProgramResponse> first_;
};

}  // namespace bpfrig::client::run
