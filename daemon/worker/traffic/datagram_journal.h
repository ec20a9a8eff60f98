// DatagramJournal: the last datagrams that calls of the sandbox have sent, told together with what its
// servers had after each. For a caller who waited for a datagram in vain: the kernel does not say where one
// was lost.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "bpfrig/v1/traffic.pb.h"
#include "daemon/worker/call/asio.h"
#include "daemon/worker/traffic/endpoint.h"

namespace bpfrig::worker {

// A datagram that a server has read.
struct DatagramArrival {
  Clock::time_point at;
  Endpoint from;
  bool answered = false;
  // The errno of an answer that could not be sent, or 0.
  int error = 0;
};
// How many of them a server remembers.
inline constexpr size_t kRememberedArrivals = 16;

class DatagramJournal {
 public:
  // A datagram that was sent at that time, all but its arrivals.
  void NoteSent(Clock::time_point at, bpfrig::v1::SentDatagram sent);

  // Oldest first. `arrivals` are the servers', by name.
  void Describe(const std::map<std::string, std::vector<DatagramArrival>>& arrivals,
                google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram>& out) const;

 private:
  struct Entry {
    Clock::time_point at;
    bpfrig::v1::SentDatagram sent;
  };
  std::deque<Entry> entries_;
};

}  // namespace bpfrig::worker
