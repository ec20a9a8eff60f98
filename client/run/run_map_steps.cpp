// The handlers of seed, dump and events.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/run/step_runner.h"
#include "client/verdict/entries.h"
#include "client/verdict/events.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::DumpMapResponse;
using bpfrig::v1::ReadEventsResponse;
using bpfrig::v1::SeedMapRequest;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The API's limits of one message, with room to spare.
constexpr int kMostEntries = 4096;
constexpr size_t kMostEntryBytes = size_t{2} << 20;
// Between two dumps that wait for something: doubled each time.
constexpr milliseconds kFirstPause(2);
constexpr milliseconds kLongestPause(100);

milliseconds Left(steady_clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()));
}

// Takes as many of the entries from `next` on as one message may have.
SeedMapRequest TakeMessage(const SeedMapRequest& all, int& next) {
  SeedMapRequest message;
  size_t bytes = 0;
  while (next < all.entries_size() && message.entries_size() < kMostEntries) {
    bytes += all.entries(next).ByteSizeLong();
    if (message.entries_size() > 0 && bytes > kMostEntryBytes) break;
    *message.add_entries() = all.entries(next++);
  }
  return message;
}

// An answer that does not have one encoded pattern for each that was sent could pass a test unseen.
std::optional<daemon::RpcError> CheckPatterns(size_t sent, size_t answered) {
  if (sent == answered) return std::nullopt;
  return daemon::RpcError{grpc::StatusCode::INTERNAL,
                  absl::StrCat("the daemon answered ", answered, " of ", sent, " patterns"),
                  {}};
}

std::optional<daemon::RpcError> ReadDump(Sandbox& sandbox, bpfrig::v1::DumpMapRequest request, verdict::Dump& dump) {
  request.set_sandbox(sandbox.id());
  daemon::RunningCall call(sandbox.client(), kLongCallTimeout);
  auto reader = sandbox.client().stub().DumpMap(call.context(), request);
  DumpMapResponse response;
  while (reader->Read(&response)) {
    for (auto& pattern : *response.mutable_patterns()) dump.patterns.push_back(std::move(pattern));
    for (auto& entry : *response.mutable_entries()) {
      if (!entry.absent()) dump.entries.push_back(std::move(entry));
    }
    if (response.has_summary()) dump.summary = response.summary();
  }
  if (std::optional<daemon::RpcError> error = daemon::ErrorOf(reader->Finish())) return error;
  return CheckPatterns(static_cast<size_t>(request.patterns_size()), dump.patterns.size());
}

std::optional<daemon::RpcError> ReadRecords(Sandbox& sandbox, bpfrig::v1::ReadEventsRequest request,
                                    verdict::Events& events) {
  request.set_sandbox(sandbox.id());
  daemon::RunningCall call(sandbox.client(), milliseconds(request.wait_ms()) + kPlainCallTimeout);
  auto reader = sandbox.client().stub().ReadEvents(call.context(), request);
  events.patterns.clear();
  ReadEventsResponse response;
  while (reader->Read(&response)) {
    for (auto& pattern : *response.mutable_patterns()) events.patterns.push_back(std::move(pattern));
    for (auto& event : *response.mutable_events()) events.events.push_back(std::move(event));
  }
  if (std::optional<daemon::RpcError> error = daemon::ErrorOf(reader->Finish())) return error;
  return CheckPatterns(static_cast<size_t>(request.patterns_size()), events.patterns.size());
}

}  // namespace

StepOutcome StepRunner::Do(const plan::SeedStep& step, const Mark&) {
  daemon::RunningCall call(sandbox_.client(), kLongCallTimeout);
  bpfrig::v1::SeedMapResponse response;
  auto writer = sandbox_.client().stub().SeedMap(call.context(), &response);
  int next = 0;
  SeedMapRequest message = TakeMessage(step.request, next);
  message.set_sandbox(sandbox_.id());
  message.set_map(step.request.map());
  message.set_key_type(step.request.key_type());
  message.set_value_type(step.request.value_type());
  message.set_batch(step.request.batch());
  // A write that fails means that the daemon has answered already.
  while (writer->Write(message) && next < step.request.entries_size()) {
    message = TakeMessage(step.request, next);
  }
  writer->WritesDone();
  return {daemon::ErrorOf(writer->Finish()), {}};
}

StepOutcome StepRunner::Do(const plan::DumpStep& step, const Mark& mark) {
  const auto deadline = steady_clock::now() + step.within;
  for (milliseconds pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    verdict::Dump dump;
    if (auto error = ReadDump(sandbox_, step.request, dump)) return {std::move(error), {}};
    verdict::Differences differences = verdict::CompareDump(step, mark, dump);
    if (differences.empty() || Left(deadline) == milliseconds(0) ||
        sandbox_.WaitForEnd(std::min(pause, Left(deadline)))) {
      return {std::nullopt, std::move(differences)};
    }
  }
}

StepOutcome StepRunner::ReadEventsOnce(const plan::EventsStep& step, const Mark& mark) {
  const auto deadline = steady_clock::now() + milliseconds(step.request.wait_ms());
  bpfrig::v1::ReadEventsRequest request = step.request;
  verdict::Events events;
  while (true) {
    if (auto error = ReadRecords(sandbox_, request, events)) return {std::move(error), {}};
    // What `contains` asks for may come after other records.
    if (verdict::ContainsAll(step, events) || Left(deadline) == milliseconds(0)) break;
    request.set_at_least(1);
    request.set_wait_ms(static_cast<uint32_t>(Left(deadline).count()));
  }
  return {std::nullopt, verdict::CompareEvents(step, mark, events)};
}

StepOutcome StepRunner::Do(const plan::EventsStep& step, const Mark& mark) {
  for (uint32_t i = 0; i < step.repeat; ++i) {
    StepOutcome outcome = ReadEventsOnce(step, mark);
    if (outcome.error || !outcome.differences.empty()) {
      NoteRepetition(i, step.repeat, outcome.differences);
      return outcome;
    }
  }
  return {};
}

}  // namespace bpfrig::client::run
