// What a step costs beyond its system calls: a datagram sent and received through the rig, against the bare
// system calls and a call that does nothing.
#pragma once

#include <string>

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
[[nodiscard]] StepTimes MeasureSteps(const std::string& target, int runs);

}  // namespace bpfrig::bench
