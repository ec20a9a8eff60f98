// DialAnswers: the answers of a step that dials many times, one after the other. The daemon is asked for many
// dials at once, since a call of its own costs more than a dial.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "bpfrig/v1/traffic.pb.h"
#include "client/daemon/rpc_error.h"

namespace bpfrig::client::run {

class DialAnswers {
 public:
  // Calls Connect.
  using Ask = std::function<std::optional<daemon::RpcError>(bpfrig::v1::ConnectRequest&,
                                                            bpfrig::v1::ConnectResponse&)>;

  // `request` dials `times` times in all. `time_left` says for how long dials may still begin.
  DialAnswers(bpfrig::v1::ConnectRequest request, uint32_t times, Ask ask,
              std::function<std::chrono::milliseconds()> time_left);

  // The next one, as a Connect of its own would have it. Not more often than there are times.
  [[nodiscard]] std::optional<daemon::RpcError> Next(bpfrig::v1::ConnectResponse& answer);

 private:
  [[nodiscard]] std::optional<daemon::RpcError> AskForMore();

  bpfrig::v1::ConnectRequest request_;
  const Ask ask_;
  const std::function<std::chrono::milliseconds()> time_left_;
  // How many the daemon was not asked for yet, or has not done.
  uint32_t left_;
  bpfrig::v1::RepeatedDials dials_;
  // Of dials_: the next one.
  int next_ = 0;
};

}  // namespace bpfrig::client::run
