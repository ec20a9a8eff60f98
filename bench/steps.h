// What a step costs beyond its system calls: a datagram sent and received through the rig, against the bare
// system calls and a call that does nothing.
#pragma once

#include "bpfrig/v1/bpfrig.grpc.pb.h"

namespace bpfrig::bench {

// Medians, in microseconds.
struct StepTimes {
  // sendto() and recvfrom() over loopback.
  double bare_send = 0;
  double bare_receive = 0;
  // A unary call to a worker that has nothing to do.
  double call = 0;
  // The calls Send and Receive.
  double send = 0;
  double receive = 0;
};

// Exits if a datagram is lost.
[[nodiscard]] StepTimes MeasureSteps(v1::BpfRig::Stub& stub, int runs);

}  // namespace bpfrig::bench
