// The handlers of listen, connect, send, receive and disconnect.
#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "client/run/step_runner.h"
#include "client/verdict/traffic.h"

namespace bpfrig::client::run {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReceivePause(20);

milliseconds Left(steady_clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()));
}

}  // namespace

StepOutcome StepRunner::Do(const plan::ListenStep& step, const Mark&) {
  bpfrig::v1::ListenResponse response;
  return {sandbox_.Call(&daemon::DaemonClient::Stub::Listen, step.request, response, kPlainCallTimeout), {}};
}

StepOutcome StepRunner::Do(const plan::ConnectStep& step, const Mark& mark) {
  std::set<std::string> reached;
  for (uint32_t i = 0; i < step.repeat; ++i) {
    bpfrig::v1::ConnectResponse response;
    if (auto error = sandbox_.Call(&daemon::DaemonClient::Stub::Connect, step.request, response,
                                   CallTimeout(step.request.timeout_ms()))) {
      return {std::move(error), {}};
    }
    verdict::Differences differences = verdict::CompareConnect(step, mark, response);
    if (!differences.empty()) {
      NoteRepetition(i, step.repeat, differences);
      return {std::nullopt, std::move(differences)};
    }
    reached.insert(response.server());
  }
  return {std::nullopt, verdict::CompareServers(step, reached)};
}

StepOutcome StepRunner::Do(const plan::SendStep& step, const Mark& mark) {
  for (uint32_t i = 0; i < step.repeat; ++i) {
    bpfrig::v1::SendResponse response;
    if (auto error = sandbox_.Call(&daemon::DaemonClient::Stub::Send, step.request, response,
                                   CallTimeout(step.request.timeout_ms()))) {
      return {std::move(error), {}};
    }
    verdict::Differences differences = verdict::CompareSend(step, mark, response);
    if (!differences.empty()) {
      NoteRepetition(i, step.repeat, differences);
      return {std::nullopt, std::move(differences)};
    }
  }
  return {};
}

StepOutcome StepRunner::Do(const plan::ReceiveStep& step, const Mark& mark) {
  const auto deadline = steady_clock::now() + step.within;
  bpfrig::v1::ReceiveResponse all;
  while (true) {
    bpfrig::v1::ReceiveRequest request = step.request;
    const uint32_t wanted = step.request.until().at_least();
    const auto have = static_cast<uint32_t>(all.data().size());
    request.mutable_until()->set_at_least(wanted > have ? wanted - have : 0);
    bpfrig::v1::ReceiveResponse response;
    if (auto error = sandbox_.Call(&daemon::DaemonClient::Stub::Receive, request, response,
                                   CallTimeout(request.timeout_ms()))) {
      return {std::move(error), {}};
    }
    response.set_data(all.data() + response.data());
    all = std::move(response);
    verdict::Differences differences = verdict::CompareReceive(step, mark, all);
    const bool over = all.peer_closed() || !all.errno_name().empty() || Left(deadline) == milliseconds(0);
    if (differences.empty() || over) return {std::nullopt, std::move(differences)};
    // The daemon waits where there is something to wait for; this is for when there is not.
    if (!all.timed_out() && sandbox_.WaitForEnd(std::min(kReceivePause, Left(deadline)))) {
      return {std::nullopt, std::move(differences)};
    }
  }
}

StepOutcome StepRunner::Do(const plan::DisconnectStep& step, const Mark&) {
  bpfrig::v1::DisconnectResponse response;
  return {sandbox_.Call(&daemon::DaemonClient::Stub::Disconnect, step.request, response, kPlainCallTimeout), {}};
}

}  // namespace bpfrig::client::run
