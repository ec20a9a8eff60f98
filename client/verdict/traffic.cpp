#include "client/verdict/traffic.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/plan/scalars.h"
#include "client/verdict/format.h"
#include "common/ip_address.h"

namespace bpfrig::client::verdict {
namespace {

// The same address can be written in several ways, and an IPv4-mapped one is given as IPv4.
std::string Canonical(const std::string& text) {
  static const std::string kMappedPrefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  std::string bytes = common::ParseIpAddress(text);
  if (bytes.size() == 16 && absl::StartsWith(bytes, kMappedPrefix)) return bytes.substr(12);
  return bytes;
}

std::string Bool(bool value) { return value ? "true" : "false"; }

class Comparison {
 public:
  template <typename T>
  void Number(const plan::Expectation<T>& expected, uint64_t actual, absl::string_view field) {
    if (expected && expected->value != actual) {
      Add(expected->mark, field, absl::StrCat(expected->value), absl::StrCat(actual));
    }
  }

  void Address(const plan::Expectation<std::string>& expected, const std::string& actual,
               absl::string_view field) {
    if (expected && Canonical(expected->value) != Canonical(actual)) {
      Add(expected->mark, field, expected->value, actual.empty() ? "none" : actual);
    }
  }

  void Truth(const plan::Expectation<bool>& expected, bool actual, absl::string_view field) {
    if (expected && expected->value != actual)
      Add(expected->mark, field, Bool(expected->value), Bool(actual));
  }

  void Bytes(const plan::Expectation<std::string>& expected, const std::string& actual,
             absl::string_view field) {
    if (!expected || expected->value == actual) return;
    auto [wanted, came] = FormatBothBytes(expected->value, actual);
    Add(expected->mark, field, std::move(wanted), std::move(came));
  }

  // True where an error was expected and came, or none and none.
  bool Errno(const plan::Expectation<std::string>& expected, const plan::Mark& mark,
             const std::string& actual) {
    const std::string wanted = expected ? expected->value : "";
    if (wanted == actual) return true;
    Add(expected ? expected->mark : mark, "errno", wanted.empty() ? "none" : wanted,
        actual.empty() ? "none" : actual);
    return false;
  }

  void Add(const plan::Mark& mark, absl::string_view field, std::string expected, std::string actual) {
    differences_.push_back({mark, std::string(field), std::move(expected), std::move(actual)});
  }

  Differences Take() { return std::move(differences_); }

 private:
  Differences differences_;
};

// What a wait for bytes did not bring. `looked_at` is whether the bytes are compared anyway.
void CompareCondition(const bpfrig::v1::ReceiveCondition& condition, const plan::Mark& mark,
                      uint64_t received, bool closed, bool looked_at, Comparison& comparison) {
  if (condition.until_closed() && !closed) {
    comparison.Add(mark, "until_closed", "the peer closes",
                   absl::StrCat("it had not when the timeout was over; ", received, " bytes came"));
  } else if (!looked_at && received < condition.at_least()) {
    comparison.Add(mark, "at_least", absl::StrCat(condition.at_least(), " bytes"),
                   absl::StrCat(received, closed ? ", then the peer closed" : " when the timeout was over"));
  }
}

}  // namespace

Differences CompareConnect(const plan::ConnectStep& step, const plan::Mark& mark,
                           const bpfrig::v1::ConnectResponse& response) {
  Comparison comparison;
  if (!comparison.Errno(step.errno_name, mark, response.errno_name()) || !response.errno_name().empty()) {
    return comparison.Take();
  }
  comparison.Address(step.local_address, response.local().address(), "local.address");
  comparison.Number(step.local_port, response.local().port(), "local.port");
  comparison.Address(step.peer_address, response.peer().address(), "peer.address");
  comparison.Number(step.peer_port, response.peer().port(), "peer.port");
  if (step.server && step.server->value != response.server()) {
    const std::string actual =
        response.server().empty() ? "none: no server accepted it within the timeout" : response.server();
    comparison.Add(step.server->mark, "server", step.server->value.empty() ? "none" : step.server->value,
                   actual);
  }
  comparison.Bytes(step.received, response.received(), "received");
  comparison.Number(step.sent, response.sent(), "sent");
  comparison.Truth(step.peer_closed, response.peer_closed(), "peer_closed");
  CompareCondition(step.request.receive(), mark, response.received().size(),
                   response.peer_closed() || step.peer_closed.has_value(), step.received.has_value(),
                   comparison);
  return comparison.Take();
}

Differences CompareServers(const plan::ConnectStep& step, const std::set<std::string>& reached) {
  if (!step.servers) return {};
  const std::set<std::string> expected(step.servers->value.begin(), step.servers->value.end());
  if (expected == reached) return {};
  std::set<std::string> named;
  for (const std::string& server : reached) named.insert(server.empty() ? "none" : server);
  return {{step.servers->mark, "servers", absl::StrJoin(expected, ", "), absl::StrJoin(named, ", ")}};
}

Differences CompareSend(const plan::SendStep& step, const plan::Mark& mark,
                        const bpfrig::v1::SendResponse& response) {
  Comparison comparison;
  const bool as_expected = comparison.Errno(step.errno_name, mark, response.errno_name());
  comparison.Number(step.sent, response.sent(), "sent");
  // What was not said is that all of it goes.
  if (as_expected && response.errno_name().empty() && !step.sent &&
      response.sent() != step.request.data().size()) {
    comparison.Add(mark, "sent", absl::StrCat("all ", step.request.data().size(), " bytes"),
                   absl::StrCat(response.sent()));
  }
  return comparison.Take();
}

Differences CompareReceive(const plan::ReceiveStep& step, const plan::Mark& mark,
                           const bpfrig::v1::ReceiveResponse& response) {
  Comparison comparison;
  comparison.Errno(step.errno_name, mark, response.errno_name());
  comparison.Bytes(step.data, response.data(), "data");
  if (step.starts_with && !absl::StartsWith(response.data(), step.starts_with->value)) {
    auto [wanted, came] = FormatBothBytes(step.starts_with->value, response.data());
    comparison.Add(step.starts_with->mark, "starts_with", std::move(wanted), std::move(came));
  }
  comparison.Truth(step.peer_closed, response.peer_closed(), "peer_closed");
  const bool ended = response.peer_closed() || !response.errno_name().empty();
  CompareCondition(step.request.until(), mark, response.data().size(), ended || step.peer_closed.has_value(),
                   step.data.has_value() || step.starts_with.has_value(), comparison);
  return comparison.Take();
}

}  // namespace bpfrig::client::verdict
