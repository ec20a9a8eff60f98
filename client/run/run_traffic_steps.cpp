// The handlers of connect, send, receive and getsockopt.
#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/run/dial_answers.h"
#include "client/run/step_runner.h"
#include "client/verdict/captures.h"
#include "client/verdict/datagrams.h"
#include "client/verdict/socket_option.h"
#include "client/verdict/traffic.h"
#include "common/ip_address.h"
#include "proto/rules/transports.h"

namespace bpfrig::client::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReceivePause(20);

// What is left to wait for when `have` bytes of a stream are there.
void WaitForRest(size_t wanted, size_t have, bpfrig::v1::ReceiveRequest& request) {
  request.mutable_until()->set_at_least(wanted > have ? static_cast<uint32_t>(wanted - have) : 0);
}

// Says which of several datagrams it was.
void NoteDatagram(size_t count, verdict::Differences& differences) {
  if (count == 1) return;
  for (verdict::Difference& difference : differences) {
    absl::StrAppend(&difference.field, " (the last of ", count, " datagrams)");
  }
}

// Where a dial went, if a program sent it elsewhere.
std::string DescribeDial(const bpfrig::v1::SocketAddress& asked, const bpfrig::v1::SocketAddress& peer) {
  if (peer.address().empty()) return "";
  if (common::CanonicalIpAddress(peer.address()) == common::CanonicalIpAddress(asked.address()) &&
      peer.port() == asked.port()) {
    return "";
  }
  return absl::StrCat("the dial went to ", peer.address(), " port ", peer.port(), ", and not to ",
                      asked.address(), " port ", asked.port(), " as the step has it");
}

}  // namespace

StepOutcome StepRunner::Do(const Call& call, const plan::ConnectShape& shape, const Mark& mark) {
  auto request = plan::As<bpfrig::v1::ConnectRequest>(*call.request);
  std::set<std::string> reached;
  DialAnswers answers(
      request, call.repeat, [&](auto& repeated, auto& answer) { return Send(call, repeated, answer); },
      [&] { return Left(step_deadline_); });
  const auto ask = [&](bpfrig::v1::ConnectResponse& response) {
    if (call.repeat == 1) return Ask(call, request, response);
    std::optional<daemon::RpcError> error = answers.Next(response);
    if (record_ != nullptr && !error) record_->NoteAnswer(request, response);
    return error;
  };
  StepOutcome outcome = Repeat(call, [&]() -> StepOutcome {
    bpfrig::v1::ConnectResponse response;
    if (auto error = ask(response)) return {std::move(error), {}};
    reached.insert(response.server());
    StepOutcome dialled = Answered(verdict::CompareConnect(call, mark, response), response);
    dialled.is_final = !request.name().empty() && response.errno_name().empty();
    dialled.clue = DescribeDial(request.to(), response.peer());
    if (response.receive_timed_out() && rules::IsOfDatagrams(request.transport())) {
      dialled.clue = verdict::DescribeSent(response.sent_datagrams());
    }
    return dialled;
  });
  if (!outcome.error && outcome.differences.empty()) {
    outcome.differences = verdict::CompareServers(shape, reached);
  }
  return outcome;
}

StepOutcome StepRunner::Do(const Call& call, const plan::SendShape&, const Mark& mark) {
  auto request = plan::As<bpfrig::v1::SendRequest>(*call.request);
  return Repeat(call, [&]() -> StepOutcome {
    bpfrig::v1::SendResponse response;
    if (auto error = Ask(call, request, response)) return {std::move(error), {}};
    return Answered(verdict::CompareSend(call, mark, response), response);
  });
}

StepOutcome StepRunner::Do(const Call& call, const plan::ReceiveShape&, const Mark& mark) {
  const auto deadline = std::min(steady_clock::now() + call.within, step_deadline_);
  bpfrig::v1::ReceiveRequest request = plan::As<bpfrig::v1::ReceiveRequest>(*call.request);
  const uint32_t wanted = request.until().at_least();
  bpfrig::v1::ReceiveResponse all;
  // Whether one came: then every answer is one of its own.
  size_t datagrams = 0;
  verdict::Differences differences;
  while (true) {
    if (datagrams == 0 && !all.data().empty()) WaitForRest(wanted, all.data().size(), request);
    bpfrig::v1::ReceiveResponse response;
    if (auto error = Ask(call, request, response)) return {std::move(error), {}};
    const bool is_datagram = response.has_from();
    if (is_datagram) ++datagrams;
    if (datagrams == 0) response.set_data(all.data() + response.data());
    all = std::move(response);
    // A datagram that did not come says less than the one before it.
    if (is_datagram || datagrams == 0) differences = verdict::CompareReceive(call, mark, all);
    if (is_datagram) NoteDatagram(datagrams, differences);
    const bool over = all.peer_closed() || !all.errno_name().empty() || Left(deadline) == milliseconds(0);
    if (differences.empty() || over) {
      StepOutcome outcome = Answered(std::move(differences), all);
      if (datagrams == 0 && all.of_datagrams() && all.timed_out()) {
        outcome.clue = verdict::DescribeSent(all.sent_datagrams());
      }
      return outcome;
    }
    // The daemon waits if there is something to wait for; this is for when there is not.
    if (!is_datagram && !all.timed_out() && sandbox_.WaitForEnd(std::min(kReceivePause, Left(deadline)))) {
      return Answered(std::move(differences), all);
    }
  }
}

StepOutcome StepRunner::Do(const Call& call, const plan::SocketOptionShape& shape, const Mark& mark) {
  auto request = plan::As<bpfrig::v1::GetSocketOptionRequest>(*call.request);
  bpfrig::v1::GetSocketOptionResponse response;
  if (auto error = Ask(call, request, response)) return {std::move(error), {}};
  const auto sent = static_cast<size_t>(request.patterns_size());
  const auto answered = static_cast<size_t>(response.patterns_size());
  if (auto error = CheckPatterns(sent, answered)) return {std::move(error), {}};
  StepOutcome outcome = Answered(verdict::CompareSocketOption(call, shape, mark, response), response);
  if (outcome.answer && response.has_decoded()) {
    verdict::SetMember("value", response.decoded(), *outcome.answer);
  }
  return outcome;
}

}  // namespace bpfrig::client::run
