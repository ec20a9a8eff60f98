#include "client/verdict/traffic.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/verdict/answer.h"

namespace bpfrig::client::verdict {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ReceiveRequest;
using bpfrig::v1::SendRequest;

// What a wait for bytes did not bring. `looked_at` is whether the bytes are compared anyway.
void CompareCondition(const bpfrig::v1::ReceiveCondition& condition, const plan::Mark& mark,
                      uint64_t received, bool closed, bool looked_at, Differences& differences) {
  if (condition.until_closed() && !closed) {
    differences.push_back({mark, "until_closed", "the peer closes",
                           absl::StrCat("it had not when the timeout was over; ", received, " bytes came")});
  } else if (!looked_at && received < condition.at_least()) {
    differences.push_back(
        {mark, "at_least", absl::StrCat(condition.at_least(), " bytes"),
         absl::StrCat(received, closed ? ", then the peer closed" : " when the timeout was over")});
  }
}

}  // namespace

Differences CompareConnect(const plan::Call& call, const plan::Mark& mark,
                           const bpfrig::v1::ConnectResponse& response) {
  Differences differences = CompareAnswer(call, mark, response);
  if (!response.errno_name().empty()) return differences;
  for (Difference& difference : differences) {
    if (difference.field == "server" && response.server().empty()) {
      difference.actual = "none: no server accepted it within the timeout";
    }
  }
  CompareCondition(plan::As<ConnectRequest>(*call.request).receive(), mark, response.received().size(),
                   response.peer_closed() || Expects(call, "peer_closed"), Expects(call, "received"),
                   differences);
  return differences;
}

Differences CompareServers(const plan::ConnectShape& shape, const std::set<std::string>& reached) {
  if (!shape.servers) return {};
  const std::set<std::string> expected(shape.servers->value.begin(), shape.servers->value.end());
  if (expected == reached) return {};
  const auto listed = [](const std::set<std::string>& servers) {
    std::set<std::string> named;
    for (const std::string& server : servers) named.insert(server.empty() ? "none" : server);
    return absl::StrJoin(named, ", ");
  };
  return {{shape.servers->mark, "servers", listed(expected), listed(reached)}};
}

Differences CompareSend(const plan::Call& call, const plan::Mark& mark,
                        const bpfrig::v1::SendResponse& response) {
  Differences differences = CompareAnswer(call, mark, response);
  // If nothing else was said, all of it goes.
  const size_t whole = plan::As<SendRequest>(*call.request).data().size();
  if (differences.empty() && response.errno_name().empty() && !Expects(call, "sent") &&
      response.sent() != whole) {
    differences.push_back(
        {mark, "sent", absl::StrCat("all ", whole, " bytes"), absl::StrCat(response.sent())});
  }
  return differences;
}

Differences CompareReceive(const plan::Call& call, const plan::Mark& mark,
                           const bpfrig::v1::ReceiveResponse& response) {
  Differences differences = CompareAnswer(call, mark, response);
  const bool ended = response.peer_closed() || !response.errno_name().empty();
  CompareCondition(plan::As<ReceiveRequest>(*call.request).until(), mark, response.data().size(),
                   ended || Expects(call, "peer_closed"),
                   Expects(call, "data") || Expects(call, "starts_with"), differences);
  return differences;
}

}  // namespace bpfrig::client::verdict
