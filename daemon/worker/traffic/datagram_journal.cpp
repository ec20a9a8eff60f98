#include "daemon/worker/traffic/datagram_journal.h"

#include <utility>

#include "common/errno_name.h"

namespace bpfrig::worker {
namespace {

// As the .proto says.
constexpr size_t kMostSent = 8;
constexpr int kMostArrivals = 4;

}  // namespace

void DatagramJournal::NoteSent(Clock::time_point at, bpfrig::v1::SentDatagram sent) {
  entries_.push_back({at, std::move(sent)});
  if (entries_.size() > kMostSent) entries_.pop_front();
}

void DatagramJournal::Describe(const std::map<std::string, std::vector<DatagramArrival>>& arrivals,
                               google::protobuf::RepeatedPtrField<bpfrig::v1::SentDatagram>& out) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const bool is_last = i + 1 == entries_.size();
    const Clock::time_point until = is_last ? Clock::time_point::max() : entries_[i + 1].at;
    bpfrig::v1::SentDatagram& sent = *out.Add();
    sent = entries_[i].sent;
    for (const auto& [server, had] : arrivals) {
      for (const DatagramArrival& arrival : had) {
        if (arrival.at < entries_[i].at || arrival.at >= until || sent.arrivals_size() == kMostArrivals)
          continue;
        bpfrig::v1::DatagramArrival& told = *sent.add_arrivals();
        told.set_server(server);
        *told.mutable_from() = ToProto(Normalised(arrival.from));
        told.set_answered(arrival.answered);
        if (arrival.error != 0) told.set_errno_name(common::ErrnoName(arrival.error));
      }
    }
  }
}

}  // namespace bpfrig::worker
