#include "client/run/dial_answers.h"

#include <algorithm>
#include <utility>

#include "client/run/begin_within.h"

namespace bpfrig::client::run {
namespace {

using bpfrig::v1::ConnectRequest;
using bpfrig::v1::ConnectResponse;
using bpfrig::v1::RepeatedDials;
using std::chrono::milliseconds;

bool IsWhole(const RepeatedDials& dials, uint32_t at_most) {
  const int count = dials.answer_size();
  return count > 0 && static_cast<uint32_t>(count) <= at_most && dials.local_port_size() == count &&
         dials.dialled_cookie_size() == count && dials.accepted_cookie_size() == count &&
         dials.duration_us_size() == count &&
         std::all_of(dials.answer().begin(), dials.answer().end(),
                     [&](uint32_t answer) { return answer < static_cast<uint32_t>(dials.answers_size()); });
}

RepeatedDials OneDial(const ConnectResponse& answer) {
  RepeatedDials dials;
  *dials.add_answers() = answer;
  dials.add_answer(0);
  dials.add_local_port(answer.local().port());
  dials.add_dialled_cookie(answer.dialled_cookie());
  dials.add_accepted_cookie(answer.accepted_cookie());
  dials.add_duration_us(answer.duration_us());
  return dials;
}

}  // namespace

DialAnswers::DialAnswers(ConnectRequest request, uint32_t times, Ask ask,
                         std::function<milliseconds()> time_left)
    : request_(std::move(request)), ask_(std::move(ask)), time_left_(std::move(time_left)), left_(times) {}

std::optional<daemon::RpcError> DialAnswers::AskForMore() {
  request_.set_times(left_);
  request_.set_begin_within_ms(BeginWithinMs(time_left_()));
  ConnectResponse response;
  if (auto error = ask_(request_, response)) return error;
  // A daemon that is older than `times` has dialled once.
  dials_ = response.has_repeated() ? response.repeated() : OneDial(response);
  next_ = 0;
  if (!IsWhole(dials_, left_)) {
    return daemon::RpcError{
        grpc::StatusCode::INTERNAL, "the daemon's answer does not say what became of each dial", {}};
  }
  left_ -= static_cast<uint32_t>(dials_.answer_size());
  return std::nullopt;
}

std::optional<daemon::RpcError> DialAnswers::Next(ConnectResponse& answer) {
  if (next_ == dials_.answer_size()) {
    if (auto error = AskForMore()) return error;
  }
  answer = dials_.answers(static_cast<int>(dials_.answer(next_)));
  if (answer.has_local()) answer.mutable_local()->set_port(dials_.local_port(next_));
  answer.set_dialled_cookie(dials_.dialled_cookie(next_));
  answer.set_accepted_cookie(dials_.accepted_cookie(next_));
  answer.set_duration_us(dials_.duration_us(next_));
  ++next_;
  return std::nullopt;
}

}  // namespace bpfrig::client::run
