// The handlers of connect, send and receive.
#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "bpfrig/v1/traffic.pb.h"
#include "client/run/step_runner.h"
#include "client/verdict/traffic.h"

namespace bpfrig::client::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReceivePause(20);

}  // namespace

StepOutcome StepRunner::Do(const Call& call, const plan::ConnectShape& shape, const Mark& mark) {
  auto request = plan::As<bpfrig::v1::ConnectRequest>(*call.request);
  std::set<std::string> reached;
  StepOutcome outcome = Repeat(call, [&]() -> StepOutcome {
    bpfrig::v1::ConnectResponse response;
    if (auto error = Ask(call, request, response)) return {std::move(error), {}};
    reached.insert(response.server());
    return {std::nullopt, verdict::CompareConnect(call, mark, response)};
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
    return {std::nullopt, verdict::CompareSend(call, mark, response)};
  });
}

StepOutcome StepRunner::Do(const Call& call, const plan::ReceiveShape&, const Mark& mark) {
  const auto deadline = steady_clock::now() + call.within;
  bpfrig::v1::ReceiveRequest request = plan::As<bpfrig::v1::ReceiveRequest>(*call.request);
  const uint32_t wanted = request.until().at_least();
  bpfrig::v1::ReceiveResponse all;
  while (true) {
    const auto have = static_cast<uint32_t>(all.data().size());
    request.mutable_until()->set_at_least(wanted > have ? wanted - have : 0);
    bpfrig::v1::ReceiveResponse response;
    if (auto error = Ask(call, request, response)) return {std::move(error), {}};
    response.set_data(all.data() + response.data());
    all = std::move(response);
    verdict::Differences differences = verdict::CompareReceive(call, mark, all);
    const bool over = all.peer_closed() || !all.errno_name().empty() || Left(deadline) == milliseconds(0);
    if (differences.empty() || over) return {std::nullopt, std::move(differences)};
    // The daemon waits if there is something to wait for; this is for when there is not.
    if (!all.timed_out() && sandbox_.WaitForEnd(std::min(kReceivePause, Left(deadline)))) {
      return {std::nullopt, std::move(differences)};
    }
  }
}

}  // namespace bpfrig::client::run
