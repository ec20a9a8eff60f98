#include "client/verdict/datagrams.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::DatagramArrival;
using bpfrig::v1::SentDatagram;
using bpfrig::v1::SocketAddress;

// Empty if it is not known.
std::string FormatAddress(const SocketAddress& address) {
  if (!address.abstract().empty()) return absl::StrCat("@", address.abstract());
  if (address.address().empty()) return "";
  if (!absl::StrContains(address.address(), ':')) return absl::StrCat(address.address(), ":", address.port());
  return absl::StrCat("[", address.address(), "]:", address.port());
}

std::string DescribeArrival(const DatagramArrival& arrival) {
  const std::string from = FormatAddress(arrival.from());
  std::string text = absl::StrCat("; then server ", arrival.server(), " had one from ",
                                  from.empty() ? "an unnamed socket" : from);
  if (arrival.answered()) absl::StrAppend(&text, ", and answered it");
  if (!arrival.errno_name().empty()) {
    absl::StrAppend(&text, ", and could not answer it: ", arrival.errno_name());
  }
  return text;
}

// Where a connected socket is connected, the kernel tells; where sendto() went in the end, it does not.
std::string DescribeOne(const SentDatagram& sent) {
  std::string text = absl::StrCat(sent.bytes(), sent.bytes() == 1 ? " byte" : " bytes");
  if (!sent.socket().empty()) absl::StrAppend(&text, " from ", sent.socket());
  const std::string to = FormatAddress(sent.to());
  if (!to.empty()) absl::StrAppend(&text, " to ", to);
  if (sent.connected()) absl::StrAppend(&text, to.empty() ? " to" : ",", " where it is connected");
  if (sent.programs_size() > 0) {
    absl::StrAppend(&text, "; ", absl::StrJoin(sent.programs(), ", "), " ran",
                    sent.connected() ? "" : ", and the kernel does not tell whether it was sent elsewhere");
  }
  if (sent.arrivals_size() == 0) absl::StrAppend(&text, "; no server had one after that");
  for (const DatagramArrival& arrival : sent.arrivals()) absl::StrAppend(&text, DescribeArrival(arrival));
  return text;
}

}  // namespace

std::string DescribeSent(const google::protobuf::RepeatedPtrField<SentDatagram>& sent) {
  if (sent.empty()) return "no step has sent a datagram before";
  if (sent.size() == 1) return absl::StrCat("sent before: ", DescribeOne(sent[0]));
  std::string text = "sent before:";
  for (const SentDatagram& one : sent) absl::StrAppend(&text, "\n  ", DescribeOne(one));
  return text;
}

}  // namespace bpfrig::client::verdict
