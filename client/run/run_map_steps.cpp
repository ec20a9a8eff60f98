// The handlers of seed, dump, events, set and globals.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpfrig/v1/program.pb.h"
#include "client/run/step_runner.h"
#include "client/verdict/answer.h"
#include "client/verdict/entries.h"
#include "client/verdict/events.h"
#include "client/verdict/globals.h"
#include "proto/rules/field_words.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::DumpMapResponse;
using bpfrig::v1::ReadEventsRequest;
using bpfrig::v1::ReadEventsResponse;
using bpfrig::v1::SeedMapRequest;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kArrayTimeout = std::chrono::seconds(10);

// Takes as many of the entries from `next` on as one message may have.
SeedMapRequest TakeMessage(const SeedMapRequest& all, int& next) {
  static const auto& rules =
      rules::RulesOf(*SeedMapRequest::descriptor()->FindFieldByNumber(SeedMapRequest::kEntriesFieldNumber));
  // Room for the head of the message and for each entry's own length.
  const size_t max_bytes = rules.maximum_message_bytes() / 3 * 2;
  SeedMapRequest message;
  size_t bytes = 0;
  while (next < all.entries_size() && static_cast<uint32_t>(message.entries_size()) < rules.maximum_items()) {
    bytes += all.entries(next).ByteSizeLong();
    if (message.entries_size() > 0 && bytes > max_bytes) break;
    *message.add_entries() = all.entries(next++);
  }
  return message;
}

std::optional<daemon::RpcError> ReadDump(Sandbox& sandbox, bpfrig::v1::DumpMapRequest request,
                                         milliseconds timeout, verdict::Dump& dump) {
  request.set_sandbox(sandbox.id());
  daemon::RunningCall running(sandbox.client(), timeout);
  auto reader = sandbox.client().stub().DumpMap(running.context(), request);
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

std::optional<daemon::RpcError> ReadRecords(Sandbox& sandbox, ReadEventsRequest request, milliseconds timeout,
                                            verdict::Events& events) {
  request.set_sandbox(sandbox.id());
  daemon::RunningCall running(sandbox.client(), timeout);
  auto reader = sandbox.client().stub().ReadEvents(running.context(), request);
  events.patterns.clear();
  ReadEventsResponse response;
  while (reader->Read(&response)) {
    for (auto& pattern : *response.mutable_patterns()) events.patterns.push_back(std::move(pattern));
    for (auto& event : *response.mutable_events()) events.events.push_back(std::move(event));
    events.lost += response.summary().lost();
  }
  if (std::optional<daemon::RpcError> error = daemon::ErrorOf(reader->Finish())) return error;
  return CheckPatterns(static_cast<size_t>(request.patterns_size()), events.patterns.size());
}

}  // namespace

StepOutcome StepRunner::Do(const Call& call, const plan::SeedShape&, const Mark& mark) {
  const auto& request = plan::As<SeedMapRequest>(*call.request);
  daemon::RunningCall running(sandbox_.client(), TimeoutOf(call, *call.request));
  bpfrig::v1::SeedMapResponse response;
  auto writer = sandbox_.client().stub().SeedMap(running.context(), &response);
  int next = 0;
  SeedMapRequest message = TakeMessage(request, next);
  message.set_sandbox(sandbox_.id());
  message.set_map(request.map());
  message.set_key_type(request.key_type());
  message.set_value_type(request.value_type());
  message.set_batch(request.batch());
  // A write that fails means that the daemon has answered already.
  while (writer->Write(message) && next < request.entries_size()) message = TakeMessage(request, next);
  writer->WritesDone();
  if (auto error = daemon::ErrorOf(writer->Finish())) return {std::move(error), {}};
  return Answered(verdict::CompareAnswer(call, mark, response), response);
}

StepOutcome StepRunner::Do(const Call& call, const plan::DumpShape& shape, const Mark& mark) {
  const auto& request = plan::As<bpfrig::v1::DumpMapRequest>(*call.request);
  if (FindType(map_types_, request.map()) == "bloom_filter" && (shape.exactly || shape.count)) {
    StepOutcome outcome{std::nullopt,
                        {{mark, shape.exactly ? "exactly" : "count", "contains or absent",
                          "a bloom filter only tells of values that it is asked for, not what else it has"}}};
    outcome.is_final = true;
    return outcome;
  }
  verdict::Dump dump;
  if (auto error = ReadDump(sandbox_, request, TimeoutOf(call, *call.request), dump))
    return {std::move(error), {}};
  verdict::Differences differences = verdict::CompareDump(shape, mark, dump);
  DumpMapResponse whole;
  if (keeps_answers_) {
    for (bpfrig::v1::DumpedEntry& entry : dump.entries) *whole.add_entries() = std::move(entry);
    *whole.mutable_summary() = dump.summary;
  }
  return Answered(std::move(differences), whole);
}

std::optional<daemon::RpcError> StepRunner::ReadProgramArrays(std::vector<std::string>& programs) {
  for (const auto& [map, type] : map_types_) {
    if (type != "prog_array") continue;
    bpfrig::v1::DumpMapRequest request;
    request.set_map(map);
    verdict::Dump dump;
    if (auto error = ReadDump(sandbox_, request, kArrayTimeout, dump)) return error;
    for (const bpfrig::v1::DumpedEntry& entry : dump.entries) {
      if (const std::string& name = entry.value().tag().program(); !name.empty()) programs.push_back(name);
    }
  }
  return std::nullopt;
}

StepOutcome StepRunner::Do(const Call& call, const plan::SetShape&, const Mark& mark) {
  return Do(call, plan::PlainShape(), mark);
}

StepOutcome StepRunner::Do(const Call& call, const plan::GlobalsShape& shape, const Mark&) {
  auto request = plan::As<bpfrig::v1::ReadGlobalsRequest>(*call.request);
  bpfrig::v1::ReadGlobalsResponse answer;
  if (auto error = Ask(call, request, answer)) return {std::move(error), {}};
  const auto answered = static_cast<size_t>(answer.patterns_size());
  if (auto error = CheckPatterns(static_cast<size_t>(request.patterns_size()), answered)) {
    return {std::move(error), {}};
  }
  StepOutcome outcome{std::nullopt, verdict::CompareGlobals(shape, answer)};
  if (keeps_answers_) outcome.answer = verdict::ValuesByName(answer);
  return outcome;
}

StepOutcome StepRunner::ReadEventsOnce(const Call& call, const plan::EventsShape& shape, const Mark& mark) {
  auto request = plan::As<ReadEventsRequest>(*call.request);
  const auto deadline = std::min(steady_clock::now() + milliseconds(request.wait_ms()), step_deadline_);
  verdict::Events events;
  while (true) {
    const size_t first = events.events.size();
    const uint64_t lost = events.lost;
    auto error = ReadRecords(sandbox_, request, TimeoutOf(call, *call.request), events);
    if (record_ != nullptr) record_->NoteEvents(request.map(), events, first, events.lost - lost);
    if (error) return {std::move(error), {}};
    // What `contains` and `in_order` ask for may come after other records.
    if (verdict::HasAll(shape, events) || Left(deadline) == milliseconds(0)) break;
    request.set_at_least(1);
    request.set_wait_ms(static_cast<uint32_t>(Left(deadline).count()));
  }
  verdict::Differences differences = verdict::CompareEvents(call, shape, mark, events);
  ReadEventsResponse whole;
  if (keeps_answers_) {
    for (bpfrig::v1::Event& event : events.events) *whole.add_events() = std::move(event);
  }
  return Answered(std::move(differences), whole);
}

StepOutcome StepRunner::Do(const Call& call, const plan::EventsShape& shape, const Mark& mark) {
  return Repeat(call, [&] { return ReadEventsOnce(call, shape, mark); });
}

}  // namespace bpfrig::client::run
