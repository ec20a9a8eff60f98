#include "client/run/step_runner.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bpfrig/v1/program.pb.h"
#include "bpfrig/v1/traffic.pb.h"
#include "client/run/run_answers.h"
#include "client/verdict/answer.h"
#include "client/verdict/call_error.h"
#include "client/verdict/captures.h"
#include "client/verdict/programs.h"
#include "client/verdict/runs.h"
#include "client/verdict/shares.h"
#include "client/verdict/test_run.h"
#include "proto/rules/call_traits.h"
#include "proto/rules/field_words.h"
#include "proto/rules/wait_limits.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::LoadProgramRequest;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::chrono::seconds kDefaultPatience(30);
constexpr std::chrono::seconds kCountTimeout(10);

// Between two tries of a step that waits for something: doubled each time.
constexpr std::chrono::milliseconds kFirstPause(2);
constexpr std::chrono::milliseconds kMaxPause(100);
// gRPC may give up a call a little before its deadline.
constexpr std::chrono::milliseconds kSlack(2);

// Whether a call that succeeded leaves something behind that has a name, so that it cannot be done again.
bool MakesOrEnds(const Message& request) {
  const auto& type = *request.GetDescriptor();
  return type.FindFieldByName("link") != nullptr || type.FindFieldByName("name") != nullptr ||
         &type == bpfrig::v1::DisconnectRequest::descriptor();
}

// The errno that an answer tells; empty if it has none.
std::string ErrnoOf(const Message& answer) {
  const FieldDescriptor* field = answer.GetDescriptor()->FindFieldByName("errno_name");
  return field == nullptr ? "" : answer.GetReflection()->GetString(answer, field);
}

// Says which of several repetitions it was.
void NoteRepetition(uint32_t index, uint32_t count, verdict::Differences& differences) {
  if (count <= 1) return;
  for (verdict::Difference& difference : differences) {
    absl::StrAppend(&difference.field, " (time ", index + 1, " of ", count, ")");
  }
}

// As much of a log as a daemon gives.
uint32_t MostLogBytes() {
  static const auto& rules = rules::RulesOf(
      *LoadProgramRequest::descriptor()->FindFieldByNumber(LoadProgramRequest::kMaxLogBytesFieldNumber));
  return static_cast<uint32_t>(rules.maximum());
}

// How long the request allows its own wait.
std::chrono::milliseconds AllowedWait(const Message& request) {
  std::chrono::milliseconds allowed(0);
  const auto& type = *request.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!rules::IsWait(field)) continue;
    const uint32_t written = request.GetReflection()->GetUInt32(request, &field);
    const bool has_default = rules::RulesOf(field).number() == bpfrig::v1::NUMBER_RULE_TIMEOUT;
    allowed += std::chrono::milliseconds(written == 0 && has_default ? rules::kDefaultTimeoutMs : written);
  }
  return allowed;
}

}  // namespace

bool Holds(const plan::Step& step, const StepOutcome& outcome) {
  const bpfrig::v1::ErrorDetail* detail = outcome.error ? &outcome.error->detail : nullptr;
  if (detail != nullptr && (daemon::IsRigFailure(*outcome.error) || !verdict::MayFail(step))) return false;
  return !outcome.count_error && !outcome.is_late && verdict::CompareCallError(step, detail).empty() &&
         outcome.differences.empty() && outcome.runs.empty();
}

StepOutcome StepRunner::Run(const plan::Step& step) {
  const auto start = std::chrono::steady_clock::now();
  step_deadline_ = deadline_;
  if (step.timeout.count() > 0) step_deadline_ = std::min(deadline_, start + step.timeout);
  keeps_answers_ = !step.captures.empty() || !step.call.shares.empty();
  const auto until = std::min(start + step.call.within, step_deadline_);
  for (auto pause = kFirstPause;; pause = std::min(pause * 2, kMaxPause)) {
    StepOutcome outcome = RunOnce(step);
    if (Holds(step, outcome)) return outcome;
    outcome.is_late = IsLate();
    const bool is_rigs = outcome.error && daemon::IsRigFailure(*outcome.error);
    // What was received stays with its reader, which waits by itself.
    const bool is_over = outcome.is_late || is_rigs || outcome.count_error || outcome.is_final ||
                         std::holds_alternative<plan::ReceiveShape>(step.shape);
    if (is_over || Left(until).count() == 0 || sandbox_.WaitForEnd(std::min(pause, Left(until))))
      return outcome;
  }
}

StepOutcome StepRunner::RunOnce(const plan::Step& step) {
  if (step.runs.empty()) return Do(step);
  bpfrig::v1::CountRunsResponse before;
  if (auto error = CountRuns(before)) return {std::nullopt, {}, {}, "", std::move(error)};
  StepOutcome outcome = Do(step);
  if (outcome.error && daemon::IsRigFailure(*outcome.error)) return outcome;
  bpfrig::v1::CountRunsResponse after;
  outcome.count_error = CountRuns(after);
  if (!outcome.count_error) outcome.runs = verdict::CompareRuns(step, before, after);
  return outcome;
}

std::optional<daemon::RpcError> StepRunner::CountRuns(bpfrig::v1::CountRunsResponse& counts) {
  bpfrig::v1::CountRunsRequest request;
  return sandbox_.Call(*rules::Service().FindMethodByName("CountRuns"), request, counts, kCountTimeout);
}

StepOutcome StepRunner::Do(const plan::Step& step) {
  return std::visit([&](const auto& shape) { return Do(step.call, shape, step.mark); }, step.shape);
}

StepOutcome StepRunner::Do(const Call& call, const plan::PlainShape&, const Mark& mark) {
  const std::unique_ptr<Message> request(call.request->New());
  request->CopyFrom(*call.request);
  return Repeat(call, [&]() -> StepOutcome {
    const std::unique_ptr<Message> answer = plan::NewMessage(*call.method->output_type());
    if (auto error = Ask(call, *request, *answer)) return {std::move(error), {}};
    StepOutcome outcome = Answered(verdict::CompareAnswer(call, mark, *answer), *answer);
    outcome.is_final = MakesOrEnds(*request) && ErrnoOf(*answer).empty();
    return outcome;
  });
}

StepOutcome StepRunner::Do(const Call& call, const plan::LoadShape& shape, const Mark& mark) {
  LoadProgramRequest request = plan::As<LoadProgramRequest>(*call.request);
  request.set_object(*shape.object);
  absl::string_view inert = inert_;
  if (absl::ConsumePrefix(&inert, absl::StrCat(request.name(), "/")) && !request.types_only()) {
    request.add_inert_programs(std::string(inert));
  }
  const bool takes_log = (write_log_ != nullptr || record_ != nullptr) && !request.types_only();
  if (takes_log) request.set_log_level(std::max(1U, request.log_level()));
  if (takes_log || shape.wants_log) request.set_max_log_bytes(MostLogBytes());
  bpfrig::v1::LoadProgramResponse response;
  if (loads_ != nullptr) loads_->Before(shape.object, request);
  auto error = Ask(call, request, response);
  if (loads_ != nullptr) loads_->After(shape.object, request, error ? &*error : nullptr, response, sandbox_);
  if (error) return {std::move(error), {}};
  NoteTypes(request.name(), response.loaded());
  const std::string& log = response.has_rejected() ? response.rejected().log() : response.loaded().log();
  const std::string file = write_log_ != nullptr && !log.empty() ? write_log_(request.name(), log) : "";
  StepOutcome outcome = Answered(verdict::CompareLoad(call, mark, response, file), response);
  outcome.is_final = response.has_loaded();
  if (plan::As<LoadProgramRequest>(*call.request).log_level() > 0)
    outcome.note = verdict::DescribeLog(response, file);
  return outcome;
}

StepOutcome StepRunner::Do(const Call& call, const plan::RunShape& shape, const Mark& mark) {
  const auto request = plan::As<bpfrig::v1::RunProgramRequest>(*call.request);
  RunAnswers answers(
      request, call.repeat, [&](auto& runs, auto& answer) { return Send(call, runs, answer); },
      [&] { return Left(step_deadline_); });
  return Repeat(call, [&]() -> StepOutcome {
    bpfrig::v1::RunProgramResponse response;
    if (auto error = answers.Next(response)) return {std::move(error), {}};
    if (record_ != nullptr) record_->NoteAnswer(request, response);
    if (auto error = CheckPatterns(static_cast<size_t>(request.context_patterns_size()),
                                   static_cast<size_t>(response.context_patterns_size()))) {
      return {std::move(error), {}};
    }
    StepOutcome outcome =
        Answered(verdict::CompareTestRun(call, shape, mark, ProgramTypeOf(call), response), response);
    if (outcome.answer && response.has_context_fields()) {
      verdict::SetMember("context", response.context_fields(), *outcome.answer);
    }
    return outcome;
  });
}

std::string StepRunner::ProgramTypeOf(const Call& call) const {
  if (call.method->input_type() != bpfrig::v1::RunProgramRequest::descriptor()) return "";
  return FindType(program_types_, plan::As<bpfrig::v1::RunProgramRequest>(*call.request).program());
}

void StepRunner::NoteTypes(const std::string& object, const bpfrig::v1::LoadedObject& loaded) {
  for (const bpfrig::v1::LoadedProgram& program : loaded.programs())
    program_types_[absl::StrCat(object, "/", program.name())] = program.type();
  for (const bpfrig::v1::LoadedMap& map : loaded.maps())
    map_types_[absl::StrCat(object, "/", map.name())] = map.type();
}

std::string FindType(const std::map<std::string, std::string>& types, const std::string& name) {
  std::string found;
  for (const auto& [full_name, type] : types) {
    if (!verdict::Names(name, full_name)) continue;
    if (!found.empty() && found != type) return "";
    found = type;
  }
  return found;
}

std::optional<daemon::RpcError> CheckPatterns(size_t sent, size_t answered) {
  if (sent == answered) return std::nullopt;
  return daemon::RpcError{grpc::StatusCode::INTERNAL,
                          absl::StrCat("the daemon answered ", answered, " of ", sent, " patterns"),
                          {}};
}

std::optional<daemon::RpcError> StepRunner::Ask(const Call& call, Message& request, Message& answer) {
  std::optional<daemon::RpcError> error = Send(call, request, answer);
  if (record_ != nullptr && !error) record_->NoteAnswer(request, answer);
  return error;
}

StepOutcome StepRunner::Answered(verdict::Differences differences, const Message& answer) const {
  StepOutcome outcome{std::nullopt, std::move(differences)};
  if (keeps_answers_) outcome.answer = verdict::ValueOf(answer);
  return outcome;
}

std::optional<daemon::RpcError> StepRunner::Send(const Call& call, Message& request, Message& answer) {
  return sandbox_.Call(*call.method, request, answer, TimeoutOf(call, request));
}

std::chrono::milliseconds StepRunner::TimeoutOf(const Call& call, const Message& request) const {
  const uint32_t patience = rules::StepOf(*call.method).patience_s();
  const std::chrono::milliseconds usual =
      AllowedWait(request) + (patience == 0 ? kDefaultPatience : std::chrono::seconds(patience));
  return std::max(std::chrono::milliseconds(1), std::min(usual, Left(step_deadline_)));
}

bool StepRunner::IsLate() const { return Left(step_deadline_) <= kSlack; }

std::chrono::milliseconds Left(std::chrono::steady_clock::time_point deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(left));
}

StepOutcome StepRunner::Repeat(const Call& call, const std::function<StepOutcome()>& once) {
  StepOutcome outcome;
  verdict::ShareTally tally(call);
  for (uint32_t i = 0; i < call.repeat; ++i) {
    outcome = once();
    const bool has_held = !outcome.error && outcome.differences.empty();
    if (!has_held) NoteRepetition(i, call.repeat, outcome.differences);
    // Of a step that is late, the rest is not done.
    if (!has_held || (IsLate() && i + 1 < call.repeat)) {
      outcome.is_late = IsLate();
      return outcome;
    }
    if (outcome.answer) tally.Add(*outcome.answer);
  }
  if (!call.shares.empty()) outcome.differences = tally.Compare(ProgramTypeOf(call));
  return outcome;
}

}  // namespace bpfrig::client::run
