#include "daemon/worker/handlers/dial_tally.h"

#include <utility>

namespace bpfrig::worker {

void DialTally::Add(bpfrig::v1::ConnectResponse answer) {
  dials_.add_local_port(answer.local().port());
  dials_.add_dialled_cookie(answer.dialled_cookie());
  dials_.add_accepted_cookie(answer.accepted_cookie());
  dials_.add_duration_us(answer.duration_us());
  if (answer.has_local()) answer.mutable_local()->clear_port();
  answer.clear_dialled_cookie();
  answer.clear_accepted_cookie();
  answer.clear_duration_us();
  const auto [found, is_new] =
      known_.try_emplace(answer.SerializeAsString(), static_cast<uint32_t>(dials_.answers_size()));
  dials_.add_answer(found->second);
  if (!is_new) return;
  answer_bytes_ += found->first.size();
  *dials_.add_answers() = std::move(answer);
}

bpfrig::v1::RepeatedDials DialTally::Take() {
  known_.clear();
  answer_bytes_ = 0;
  return std::exchange(dials_, {});
}

}  // namespace bpfrig::worker
