// RepeatedDials: the dials of one Connect with `times`, one after the other. A connection of which nothing is
// asked but that it comes about is dialled, accepted and closed in a few system calls, without the loop in
// between; what takes longer, or carries bytes, goes on as any Connect. Made by HandleConnect.
#pragma once

#include <memory>

#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/call.h"
#include "daemon/worker/handlers/connecting.h"
#include "daemon/worker/handlers/dial_tally.h"
#include "daemon/worker/handlers/sandbox.h"
#include "daemon/worker/traffic/dial.h"

namespace bpfrig::worker {

// Callbacks keep it alive.
class RepeatedDials : public std::enable_shared_from_this<RepeatedDials> {
 public:
  // `answer` gets a response with all of them, once; it does not run if the call is over before.
  RepeatedDials(Sandbox& sandbox, CallPtr call, const bpfrig::v1::ConnectRequest& request, DialPlan plan,
                Connecting::Done answer);

  void Start() { DialNext(); }

 private:
  // Some dials, then the loop has its turn.
  void DialNext();
  void GoOnLater();
  // False: it is not over yet, and goes on by the loop.
  [[nodiscard]] bool DialOnce();
  // Notes and closes a connection if it was accepted at once; false, and nothing is done, if not.
  [[nodiscard]] bool Pass(common::Fd& dialled, Clock::time_point started);
  [[nodiscard]] bool IsEnough() const;
  void Note(bpfrig::v1::ConnectResponse& answer, Clock::time_point started);

  Sandbox& sandbox_;
  const CallPtr call_;
  const bpfrig::v1::ConnectRequest request_;
  const DialPlan plan_;
  const Connecting::Done answer_;
  // No dial begins after this.
  const Clock::time_point last_begin_;
  DialTally tally_;
};

}  // namespace bpfrig::worker
