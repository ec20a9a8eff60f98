#include "daemon/supervisor/map_memory_account.h"

#include <sys/socket.h>

#include <cerrno>

#include "daemon/base/status.h"

namespace bpfrig::supervisor {

ipc::MapMemoryAnswer MapMemoryAccount::Ask(uint64_t worker, const ipc::MapMemoryRequest& request) {
  const auto found = shares_.find(worker);
  const uint64_t before = found == shares_.end() ? 0 : found->second;
  ipc::MapMemoryAnswer answer{.granted = 0, .others = sum_ - before};
  // No sum is made before it is known to fit: a request can be any number.
  const bool fits = answer.others <= limit_ && request.bytes <= limit_ - answer.others;
  if (request.bytes > before && !fits) return answer;
  answer.granted = 1;
  sum_ = answer.others + request.bytes;
  shares_[worker] = request.bytes;
  return answer;
}

void MapMemoryAccount::Forget(uint64_t worker) {
  const auto found = shares_.find(worker);
  if (found == shares_.end()) return;
  sum_ -= found->second;
  shares_.erase(found);
}

absl::Status AnswerMapMemory(int socket, uint64_t worker, MapMemoryAccount& account) {
  ipc::MapMemoryRequest request;
  // MSG_TRUNC tells a longer message's real length.
  const ssize_t count =
      TEMP_FAILURE_RETRY(::recv(socket, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC));
  if (count < 0 && errno == EAGAIN) return absl::OkStatus();
  if (count < 0) return base::ErrnoError("reading a request for map memory");
  if (count != sizeof(request)) {
    return base::MakeError(base::Reason::kInternal, "reading a request for map memory: there is none");
  }
  const ipc::MapMemoryAnswer answer = account.Ask(worker, request);
  if (TEMP_FAILURE_RETRY(::send(socket, &answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL)) < 0) {
    return base::ErrnoError("answering a request for map memory");
  }
  return absl::OkStatus();
}

}  // namespace bpfrig::supervisor
