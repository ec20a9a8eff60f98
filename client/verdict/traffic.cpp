#include "client/verdict/traffic.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/verdict/answer.h"
#include "client/verdict/format.h"
#include "proto/rules/transports.h"

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

bool CameToNothing(const bpfrig::v1::ReceiveResponse& response) {
  return response.timed_out() && response.data().empty() && response.errno_name().empty() &&
         !response.peer_closed() && !response.has_from();
}

// Says of each of these fields that something was expected of it, and why it has nothing.
void SayNothingCame(const plan::Call& call, const std::vector<std::string>& names, absl::string_view words,
                    Differences& differences) {
  const auto is_of = [](const Difference& difference, const std::string& name) {
    return difference.field == name || absl::StartsWith(difference.field, name + ".");
  };
  for (const std::string& name : names) {
    const plan::Pattern* expected = plan::FindPart(call.expected, name);
    if (expected == nullptr) continue;
    differences.erase(std::remove_if(differences.begin(), differences.end(),
                                     [&](const Difference& difference) { return is_of(difference, name); }),
                      differences.end());
    differences.push_back({expected->node->mark, name, FormatPattern(*expected), std::string(words)});
  }
}

constexpr absl::string_view kNoDatagram = "no datagram came within the timeout";

// No datagram came, not even an empty one. Says it of the fields that expect something of it, or of the wait.
void SayNoDatagramCame(const plan::Call& call, const plan::Mark& mark, const std::vector<std::string>& names,
                       Differences& differences) {
  if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return Expects(call, name); })) {
    SayNothingCame(call, names, kNoDatagram, differences);
  } else {
    differences.push_back({mark, "at_least", "a datagram", std::string(kNoDatagram)});
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
  const auto& request = plan::As<ConnectRequest>(*call.request);
  if (rules::IsOfDatagrams(request.transport())) {
    if (response.receive_timed_out()) SayNoDatagramCame(call, mark, {"received"}, differences);
    return differences;
  }
  CompareCondition(request.receive(), mark, response.received().size(),
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
  const auto& until = plan::As<ReceiveRequest>(*call.request).until();
  Differences differences = CompareAnswer(call, mark, response);
  const std::vector<std::string> of_what_came = {"data", "starts_with", "from", "truncated"};
  const plan::Pattern* from = plan::FindPart(call.expected, "from");
  // Without a datagram there is no sender, named or not.
  if (from != nullptr && !response.has_from() && differences.empty()) {
    differences.push_back({from->node->mark, "from", FormatPattern(*from), "none: no datagram came"});
  }
  const bool came_to_nothing = until.at_least() > 0 && CameToNothing(response);
  if (response.of_datagrams()) {
    if (came_to_nothing) SayNoDatagramCame(call, mark, of_what_came, differences);
    return differences;
  }
  if (came_to_nothing) SayNothingCame(call, of_what_came, "nothing came within the timeout", differences);
  const bool looked_at =
      Expects(call, "errno") || std::any_of(of_what_came.begin(), of_what_came.end(),
                                            [&](const std::string& name) { return Expects(call, name); });
  const bool ended = response.peer_closed() || !response.errno_name().empty();
  CompareCondition(until, mark, response.data().size(), ended || Expects(call, "peer_closed"), looked_at,
                   differences);
  return differences;
}

}  // namespace bpfrig::client::verdict
