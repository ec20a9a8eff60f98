#include "client/run/run_answers.h"

#include <algorithm>
#include <utility>

#include "client/run/begin_within.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::FurtherRuns;
using bpfrig::v1::RunProgramRequest;
using bpfrig::v1::RunProgramResponse;
using std::chrono::milliseconds;

// A step that fails is not shown much later for it: of one call.
constexpr uint32_t kMostRuns = 1000;
constexpr size_t kMostBytes = size_t{1} << 20;

// Of these the daemon tells only after a run of its own.
bool AsksForFields(const RunProgramRequest& request) {
  return request.repeat() > 1 || request.has_context_fields() || request.context_patterns_size() > 0;
}

bool IsWhole(const FurtherRuns& runs, const RunProgramRequest& request) {
  const int count = runs.return_values_size();
  return count <= request.further_data_size() && runs.data_size() == count &&
         runs.duration_ns_size() == count && runs.contexts_size() == (request.context().empty() ? 0 : count);
}

}  // namespace

RunAnswers::RunAnswers(RunProgramRequest request, uint32_t times, Ask ask,
                       std::function<milliseconds()> time_left)
    : request_(std::move(request)), ask_(std::move(ask)), time_left_(std::move(time_left)), left_(times) {}

std::optional<daemon::RpcError> RunAnswers::AskForMore() {
  const size_t size = std::max<size_t>(1, request_.data().size());
  const size_t most = AsksForFields(request_) ? 1 : std::clamp<size_t>(kMostBytes / size, 1, kMostRuns);
  request_.clear_further_data();
  request_.clear_begin_within_ms();
  for (size_t i = 1; i < std::min<size_t>(left_, most); ++i) request_.add_further_data(request_.data());
  if (request_.further_data_size() > 0) {
    request_.clear_repeat();
    request_.set_begin_within_ms(BeginWithinMs(time_left_()));
  }
  RunProgramResponse response;
  if (auto error = ask_(request_, response)) return error;
  // A daemon that is older than `further_data` has run it once.
  runs_.Swap(response.mutable_further());
  response.clear_further();
  next_ = 0;
  if (!IsWhole(runs_, request_)) {
    return daemon::RpcError{
        grpc::StatusCode::INTERNAL, "the daemon's answer does not say what came of each run", {}};
  }
  first_ = std::move(response);
  left_ -= 1 + static_cast<uint32_t>(runs_.return_values_size());
  return std::nullopt;
}

std::optional<daemon::RpcError> RunAnswers::Next(RunProgramResponse& answer) {
  if (!first_ && next_ == runs_.return_values_size()) {
    if (auto error = AskForMore()) return error;
  }
  if (first_) {
    answer = *std::exchange(first_, std::nullopt);
    return std::nullopt;
  }
  answer.set_return_value(runs_.return_values(next_));
  answer.set_data(std::move(*runs_.mutable_data(next_)));
  if (runs_.contexts_size() > 0) answer.set_context(std::move(*runs_.mutable_contexts(next_)));
  answer.set_duration_ns(runs_.duration_ns(next_));
  ++next_;
  return std::nullopt;
}

}  // namespace bpfrig::client::run
