// FrontProcess: the running bpfrigd-front, which has no privilege at all, and the supervisor's end of its
// control channel. It speaks to the network, so what it says is believed only as far as the protocol goes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bpfrig/internal/v1/control.pb.h"
#include "common/fd.h"
#include "daemon/ipc/frame.h"
#include "daemon/ipc/message_socket.h"
#include "daemon/supervisor/confined_process.h"
#include "daemon/supervisor/host.h"
#include "daemon/supervisor/lifeline.h"
#include "daemon/supervisor/options.h"

namespace bpfrig::supervisor {

// The front's binary: as in the options, or beside our own. It need not be there.
[[nodiscard]] absl::StatusOr<std::string> FrontPath(const Options& options);

class FrontProcess {
 public:
  static absl::StatusOr<FrontProcess> Start(const Options& options, const Host& host);

  [[nodiscard]] ConfinedProcess& process() { return process_; }
  // The control channel's descriptor; -1 after AskToEnd.
  [[nodiscard]] int control() const { return control_.Get(); }

  // Reads what has come, without blocking, and returns the whole requests. An error if the front closed
  // the channel or said something that makes no sense.
  [[nodiscard]] absl::StatusOr<std::vector<internal::v1::ControlRequest>> ReadRequests();
  // Sends a reply, with a descriptor if `attached` is not -1. An error if the front does not take it.
  [[nodiscard]] absl::Status Reply(const internal::v1::ControlReply& reply, int attached = -1);
  // Closes lifeline and control channel: the front finishes what it can and exits.
  void AskToEnd();

 private:
  FrontProcess(ConfinedProcess process, common::Fd control, common::Fd lifeline)
      : process_(std::move(process)), control_(std::move(control)), lifeline_(std::move(lifeline)) {}

  ConfinedProcess process_;
  ipc::MessageSocket control_;
  ipc::FrameDecoder decoder_;
  common::Fd lifeline_;
};

}  // namespace bpfrig::supervisor
